/** All pages of a list. */
export async function allPages<Page extends { readonly NextToken?: string | undefined }>(
  ask: (NextToken: string | undefined) => Promise<Page>,
): Promise<Page[]> {
  const pages: Page[] = [];
  let token: string | undefined;
  do {
    const page = await ask(token);
    pages.push(page);
    token = page.NextToken;
  } while (token !== undefined);
  return pages;
}
