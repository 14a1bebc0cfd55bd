#!/bin/bash
# Two machines with four graphics cards each:  sbatch examples/slurm.sh photos/ run
#SBATCH --job-name=gaiamorph
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=16
#SBATCH --time=12:00:00
#SBATCH --signal=TERM@120
# TERM two minutes before the end saves the run; the same command then goes on where it stopped.

first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun torchrun --nnodes "$SLURM_NNODES" --nproc-per-node 4 \
    --rdzv-id "$SLURM_JOB_ID" --rdzv-backend c10d --rdzv-endpoint "$first:29500" \
    -m gaiamorph train "$1" --out "$2" --size 128 --steps 100000 --batch-size 256 --resume
