import { expect, test, vi } from 'vitest';
import { Client } from './client';

test('an answer is handed back', async () => {
  const send = vi.fn().mockResolvedValue('packed');
  expect(await new Client(send).ask('pack')).toBe('packed');
  expect(send).toHaveBeenCalledWith('pack');
});
