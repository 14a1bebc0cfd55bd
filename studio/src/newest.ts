/** An action that is repeated once if it is wished again while it runs: of many wishes, only the newest counts. */
export function newest(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  const run = async () => {
    try {
      while (again) {
        again = false;
        await action();
      }
    } finally {
      running = null;
    }
  };
  return () => {
    again = true;
    return (running ??= run());
  };
}
