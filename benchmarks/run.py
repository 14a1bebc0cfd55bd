"""Ask a question of the benchmarks:  python benchmarks/run.py faces --seeds 0 1 2

Runs that are in results/QUESTION.json already are not made again, so a question that was stopped goes on where it was. Each file
records the machine and the command. `python benchmarks/pages.py` then fills in the tables of docs/.
"""

import argparse
import importlib
import sys
from pathlib import Path

QUESTIONS = {
    "plane": ("plane_sets", "five sets in the plane: do interpolations lie inside the data?"),
    "faces": ("all_models", "all models on photographs of faces, 32 x 32"),
    "faces_long": ("all_models", "the same, four times as long"),
    "faces64": ("all_models", "all models on photographs of faces, 64 x 64"),
    "fashion": ("all_models", "all models on Fashion-MNIST"),
    "lines": ("all_models", "all models on drawings of lines"),
    "alignment": ("alignment", "aligned photographs against unaligned ones"),
    "full_size": ("full_size_faces", "continua at full size beside cross-fades and landmark morphs"),
    "adversary": ("adversary", "what does the adversary do?"),
    "collapse": ("collapsing", "does the default collapse?"),
    "bf16": ("bf16_quality", "what does bf16 cost in quality?"),
    "cartoons": ("cartoon_edits", "attribute vectors on cartoon faces: do edits change one thing? (needs Node.js)"),
    "age_and_sex": ("age_and_sex", "attribute vectors of age and sex on UTKFace"),
    "syllables": ("syllables", "continua between syllables of birdsong, beside cross-fades and blends of spectrograms"),
    "round_trip": ("sound_round_trip", "recordings as pictures and back, without a model"),
    "sound_cost": ("sound_cost", "seconds and memory of sounds"),
    "speech": ("speech", "speech by the vocoder WORLD: a space beside linear interpolation"),
    "fine_tuning": ("fine_tuning", "60 photographs, from scratch and from a space of many (after age_and_sex)"),
    "photographs": ("photo_edits", "attribute vectors on photographs: is it still the same person?"),
    "averages": ("average_faces", "average faces of groups (a picture only)"),
    "step": ("step_speed", "a training step against a plain one"),
    "peers": ("peer_speed", "training steps against pythae's"),
    "graphics_card": ("step_speed", "a step on a graphics card, with and without a CUDA graph"),
    "processes": ("two_processes", "one process and two"),
    "frames": ("frame_speed", "writing 10,000 frames"),
    "loading": ("loading_speed", "batches from the cache against a DataLoader over files"),
    "startup": ("startup_time", "how long does a command take to begin?"),
    "memory": ("memory_use", "does a large data set or a long run cost memory?"),
    "resume": ("kill_resume", "kill -9 at random moments: does a resumed run have the same bits?"),
}
"""Module in questions/, and what is asked."""


def main() -> None:
    listed = "\n".join(f"  {name:14}{what}" for name, (_, what) in QUESTIONS.items())
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=f"questions:\n{listed}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("questions", nargs="+", choices=QUESTIONS, metavar="question")
    parser.add_argument("--seeds", type=int, nargs="+", help="default: those of the question")
    parser.add_argument("--models", nargs="+", help="default: those of the question")
    parser.add_argument("--steps", type=int, help="training steps in place of the question's own")
    parser.add_argument("--threads", type=int, default=0, help="of a training; default: all cores")
    parser.add_argument("--repeats", type=int, default=5, help="rounds of a timing")
    parser.add_argument("--machine", default="", help="a word for a second machine: results/QUESTION_WORD.json")
    parser.add_argument("--runs", type=Path, help="where run folders are kept; default: a temporary folder")
    parser.add_argument("--picture", action="store_true", help="only draw into docs/images, from the run folders")
    given = vars(parser.parse_args())
    names, picture = given.pop("questions"), given.pop("picture")
    from common import Question  # loads torch, for which --help should not wait

    for name in names:
        module = importlib.import_module(f"questions.{QUESTIONS[name][0]}")
        question = Question(name, **{key: value for key, value in given.items() if value is not None})
        if not picture:
            module.answer(question)
        elif hasattr(module, "picture"):
            module.picture(question)
        else:
            sys.exit(f"there is no picture of {name}")


if __name__ == "__main__":
    main()
