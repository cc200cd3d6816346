/** Gives the focus to the first field that is wrong, once the page shows that. */
export function focusWrong(form: Element | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
}
