/** All pages of a list. */
export async function allPages<Page extends { readonly NextToken?: string | undefined }>(
  read: (token: string | undefined) => Promise<Page>,
): Promise<Page[]> {
  const pages: Page[] = [];
  for (let token: string | undefined; ;) {
    const page = await read(token);
    pages.push(page);
    token = page.NextToken;
    if (token === undefined || token === "") return pages;
  }
}
