/** What the page and the thread of sounds both know of them. */

/** Iterations of the phases. */
export const PHASE_STEPS = 32;
/** How pictures become waveforms, for a manifest. */
export const INVERSION = `fast Griffin-Lim, ${PHASE_STEPS} iterations`;
/** The amplitude below which a sound is silent. */
export const FAINTEST = 1e-6;

export function peak(wave: Float32Array): number {
  return wave.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}
