import type { Candidate } from "./candidate.ts";
import { farVariants, memoryVariants } from "./cascata.ts";
import { farFloor, memoryFloor } from "./floor.ts";

export const memoryCandidates: readonly Candidate[] = [memoryFloor, ...memoryVariants];

export const farCandidates: readonly Candidate[] = [farFloor, ...farVariants];
