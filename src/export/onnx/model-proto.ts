import { littleEndian, Message, packedWhole } from "./protobuf.js";

/** Element types of tensors, by their numbers in ONNX. */
export const elementTypes = { float: 1, int8: 3, int64: 7, string: 8, double: 11 } as const;
export type ElementType = keyof typeof elementTypes;

/** An attribute of an operator. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: ArrayLike<number> }
  | { readonly floats: ArrayLike<number> }
  | { readonly texts: readonly string[] };

/** Numbers of the kinds of attributes. */
const attributeTypes = { float: 1, int: 2, text: 3, floats: 6, ints: 7, texts: 8 } as const;

/** The parts of a model in the order in which they were added. */
export class ModelProto {
  readonly #graph = new Message();
  #names = 0;

  /** @param prefix begins the names that are made here, and no other. */
  constructor(
    name: string,
    private readonly prefix: string,
  ) {
    this.#graph.text(2, name);
  }

  #name(): string {
    return `${this.prefix}${this.#names++}`;
  }

  /** Adds an operator; returns the name of its result. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain: "" | "ai.onnx.ml" = "",
    output = this.#name(),
  ): string {
    const node = new Message();
    for (const input of inputs) node.text(1, input);
    node.text(2, output).text(4, op);
    for (const [name, attribute] of Object.entries(attributes)) node.message(5, attributeOf(name, attribute));
    this.#graph.message(1, domain === "" ? node : node.text(7, domain));
    return output;
  }

  /** Adds a constant tensor; returns its name. */
  tensor(type: Exclude<ElementType, "string">, dims: readonly number[], values: ArrayLike<number>): string {
    const name = this.#name();
    const tensor = new Message().bytes(1, packedWhole(dims)).whole(2, elementTypes[type]).text(8, name);
    this.#graph.message(5, tensor.bytes(9, littleEndian(type, values)));
    return name;
  }

  /** Adds a constant text; returns its name. */
  text(value: string): string {
    const name = this.#name();
    this.#graph.message(
      5,
      new Message()
        .bytes(1, packedWhole([1, 1]))
        .whole(2, elementTypes.string)
        .text(6, value)
        .text(8, name),
    );
    return name;
  }

  /** Adds an input of one column. */
  input(name: string, type: ElementType, description: string): void {
    this.#graph.message(11, matrixOf(name, type, 1, description));
  }

  /** Adds an output of so many columns. */
  output(name: string, type: ElementType, columns: number): void {
    this.#graph.message(12, matrixOf(name, type, columns, ""));
  }

  /** The file. */
  done(producer: string, version: string): Uint8Array<ArrayBuffer> {
    const opset = (domain: string, number: number): Message => new Message().text(1, domain).whole(2, number);
    return new Message()
      .whole(1, 8)
      .text(2, producer)
      .text(3, version)
      .message(7, this.#graph)
      .message(8, opset("", 17))
      .message(8, opset("ai.onnx.ml", 3))
      .done();
  }
}

/** A tensor of any number of rows. */
function matrixOf(name: string, type: ElementType, columns: number, description: string): Message {
  const shape = new Message().message(1, new Message().text(2, "rows")).message(1, new Message().whole(1, columns));
  const tensor = new Message().whole(1, elementTypes[type]).message(2, shape);
  return new Message().text(1, name).message(2, new Message().message(1, tensor)).text(3, description);
}

function attributeOf(name: string, attribute: Attribute): Message {
  const message = new Message().text(1, name);
  if ("int" in attribute) return message.whole(3, attribute.int).whole(20, attributeTypes.int);
  if ("float" in attribute) return message.float(2, attribute.float).whole(20, attributeTypes.float);
  if ("text" in attribute) return message.text(4, attribute.text).whole(20, attributeTypes.text);
  if ("ints" in attribute) return message.bytes(8, packedWhole(attribute.ints)).whole(20, attributeTypes.ints);
  if ("floats" in attribute) {
    return message.bytes(7, littleEndian("float", attribute.floats)).whole(20, attributeTypes.floats);
  }
  for (const text of attribute.texts) message.text(9, text);
  return message.whole(20, attributeTypes.texts);
}
