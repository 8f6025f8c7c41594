import { expect, test } from '@playwright/test';

test('a number is dialled', async ({ page }) => {
  await page.goto('/');
  await page.fill('#number', '100');
  await page.waitForTimeout(500);
  await expect(page.locator('#state')).toHaveText('ringing');
});
