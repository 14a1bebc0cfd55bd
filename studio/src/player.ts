/** Sounds that are played. A new one ends the one before. */
export class Player {
  private context: AudioContext | null = null;
  private playing: AudioBufferSourceNode | null = null;

  /** Play a waveform at a rate in Hz. */
  async play(wave: Float32Array, rate: number): Promise<void> {
    this.context ??= new AudioContext(); // a browser allows it after a click or a key
    await this.context.resume();
    const buffer = this.context.createBuffer(1, wave.length, rate);
    buffer.getChannelData(0).set(wave);
    this.playing?.stop();
    this.playing = this.context.createBufferSource();
    this.playing.buffer = buffer;
    this.playing.connect(this.context.destination);
    this.playing.start();
  }
}
