export async function retry<T>(ask: () => Promise<T>, attempts: number): Promise<T> {
  for (let attempt = 1; attempt < attempts; attempt += 1) {
    try {
      return await ask();
    } catch {
      continue;
    }
  }
  return ask();
}
