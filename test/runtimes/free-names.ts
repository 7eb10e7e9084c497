import { parseAst } from "vite";

interface Node {
  readonly type: string;
  readonly [name: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** A name that stands for a property, not for a variable. */
function isPropertyName(parent: Node, role: string): boolean {
  if (parent["computed"] === true) return false;
  if (parent.type === "MemberExpression") return role === "property";
  return role === "key" && ["Property", "MethodDefinition", "PropertyDefinition"].includes(parent.type);
}

/** A name that is made here: of a variable, a parameter, a function, a class. */
function isDeclared(parent: Node, role: string): boolean {
  if (role === "id" || role === "params" || role === "local") return true;
  return parent.type === "CatchClause" && role === "param";
}

/**
 * The variables that a script uses and nowhere declares, in whatever scope: what its host must have.
 * A name that is declared in one scope is not seen in another; so a caller looks at what is declared as well.
 */
export function freeNames(code: string): { readonly free: readonly string[]; readonly declared: ReadonlySet<string> } {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: Node, parent: Node, role: string, declares: boolean): void => {
    const here = declares || isDeclared(parent, role);
    if (node.type === "Identifier") {
      if (isPropertyName(parent, role)) return;
      (here ? declared : used).add(node["name"] as string);
      return;
    }
    // `new.target`
    if (node.type === "MetaProperty") return;
    // A pattern declares what is in it, but not what stands beside it as a default.
    const goesOn = here && /Pattern$|^Property$|^RestElement$/.test(node.type);
    for (const [name, child] of Object.entries(node)) {
      for (const one of Array.isArray(child) ? child : [child]) {
        if (isNode(one)) visit(one, node, name, goesOn && name !== "right" && name !== "key");
      }
    }
  };
  const program = parseAst(code) as unknown as Node;
  visit(program, program, "", false);
  return { free: [...used].filter((name) => !declared.has(name)).sort(), declared };
}
