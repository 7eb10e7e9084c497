import { Packr } from "msgpackr";

/** The property names of each kind of object, in their order. */
export type Shapes = readonly (readonly string[])[];

/** The shapes of the objects in `samples`, in the order in which they are met. */
export function shapesOf(samples: readonly unknown[]): Shapes {
  const met: string[][] = [];
  const packr = new Packr({ useRecords: true, structures: met });
  for (const sample of samples) packr.pack(sample);
  return met.map((shape) => [...shape]);
}

/**
 * A packer that knows these shapes and never learns more: an object of another shape brings its own description along.
 * So what one process writes every other one with the same shapes reads, in any order.
 */
export function packerOf(shapes: Shapes): Packr {
  const structures = shapes.map((shape) => [...shape]);
  return new Packr({ useRecords: true, structures, maxSharedStructures: structures.length });
}

/** 16 hexadecimal digits that differ for different shapes. */
export function fingerprint(shapes: Shapes): string {
  const text = JSON.stringify(shapes);
  let [one, other] = [0x811c9dc5, 0x9e3779b1];
  for (let at = 0; at < text.length; at += 1) {
    // FNV-1a, and the same with another prime.
    one = Math.imul(one ^ text.charCodeAt(at), 0x01000193);
    other = Math.imul(other ^ text.charCodeAt(at), 0x85ebca6b);
  }
  return [one, other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
