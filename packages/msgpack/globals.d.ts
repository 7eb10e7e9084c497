// Node 20 and every other supported runtime have it; the language's ES2023 description does not.
interface String {
  isWellFormed(): boolean;
}
