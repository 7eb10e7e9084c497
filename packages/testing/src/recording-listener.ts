import type { ChangeListener, ChangeNotice, CreationFailure, Mark } from "@cascata/core";

/**
 * A change listener that keeps all that it hears. A change that was announced, and is told again when it has been made, is
 * kept once: as it was told last, in the place of its announcement.
 */
export class RecordingListener implements ChangeListener {
  readonly notices: ChangeNotice[] = [];
  readonly marks: Mark[] = [];
  readonly filledKeys: string[] = [];
  /** What was told of failed creations, by key. */
  readonly failures: Map<string, CreationFailure> = new Map();
  readonly silences: string[] = [];
  readonly uncertainties: string[] = [];
  resumptions = 0;
  /** All of it in one row: `changed a,b`, `filled a`, `marked tag`, `silent`, `resumed`, `uncertain started`. */
  readonly events: string[] = [];

  /** The keys of all notices, in the order in which they came. */
  get changedKeys(): readonly string[] {
    return this.notices.flatMap((notice) => notice.keys);
  }

  changed(notice: ChangeNotice): void {
    const announced = this.notices.findIndex(
      ({ keys, sender, settled }) =>
        settled !== undefined && sender === notice.sender && keys.join("\n") === notice.keys.join("\n"),
    );
    if (notice.settled === undefined && announced >= 0) {
      this.notices[announced] = notice;
      return;
    }
    this.notices.push(notice);
    this.events.push(`changed ${notice.keys.join()}`);
  }

  marked(marks: readonly Mark[]): void {
    this.marks.push(...marks);
    this.events.push(`marked ${marks.map((mark) => mark.name).join()}`);
  }

  filled(keys: readonly string[], failure?: CreationFailure): void {
    this.filledKeys.push(...keys);
    if (failure !== undefined) for (const key of keys) this.failures.set(key, failure);
    this.events.push(`filled ${keys.join()}`);
  }

  silent(reason: string): void {
    this.silences.push(reason);
    this.events.push("silent");
  }

  resumed(): void {
    this.resumptions += 1;
    this.events.push("resumed");
  }

  uncertain(reason: string): void {
    this.uncertainties.push(reason);
    this.events.push(`uncertain ${reason}`);
  }
}
