/** Namespaces of the answers, by a service's name in signatures. */
const namespaces: Readonly<Record<string, string>> = { sts: "https://sts.amazonaws.com/doc/2011-06-15/" };

/** An answer in AWS's query protocol. The members of an output are texts; nested ones do not occur in our own services. */
export function queryAnswer(service: string, operation: string, output: unknown): string {
  const members = Object.entries(output as Readonly<Record<string, string>>)
    .map(([name, value]) => `<${name}>${escaped(value)}</${name}>`)
    .join("");
  return `<${operation}Response xmlns="${namespaces[service] ?? ""}"><${operation}Result>${members}</${operation}Result></${operation}Response>`;
}

/** An error in the same protocol. */
export const queryError = (name: string, message: string): string =>
  `<ErrorResponse><Error><Code>${escaped(name)}</Code><Message>${escaped(message)}</Message></Error></ErrorResponse>`;

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character] ?? "");
