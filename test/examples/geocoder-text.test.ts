import { describe, expect, test } from "vitest";
import { progress } from "../../examples/geocoder/progress.ts";
import { bytes, count, duration, share, table } from "../../examples/geocoder/text.ts";

describe("numbers as text", () => {
  test.each([
    [0.0005, "0.50 µs"],
    [0.01234, "12.3 µs"],
    [0.5, "500 µs"],
    [2.345, "2.35 ms"],
    [999, "999 ms"],
    [12_345, "12.3 s"],
    [200_000, "3 min 20 s"],
    [3_900_000, "1 h 5 min"],
    [Number.NaN, "–"],
  ])("%d ms is %s", (ms, text) => expect(duration(ms)).toBe(text));

  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [12_345_678, "12.3 MB"],
    [999_999, "1.00 MB"],
  ])("%d bytes are %s", (size, text) => expect(bytes(size)).toBe(text));

  test("counts and shares", () => {
    expect(count(1_234_567)).toBe("1,234,567");
    expect(share(1, 3)).toBe("33.3 %");
    expect(share(1, 100_000)).toBe("<0.1 %");
    expect(share(0, 100)).toBe("0.0 %");
    expect(share(0, 0)).toBe("0.0 %");
  });

  test("columns stand in line", () => {
    const rows = [
      ["memory", "12,345"],
      ["disk", "6"],
    ];
    expect(table(["tier", "n"], rows)).toBe("tier         n\n------  ------\nmemory  12,345\ndisk         6");
  });
});

function recorder(extra: { isTTY?: boolean; columns?: number }) {
  const written: string[] = [];
  let now = 0;
  const stream = { ...extra, write: (text: string) => written.push(text) };
  const advance = (ms: number) => {
    now += ms;
  };
  return { written, stream, now: () => now, advance };
}

describe("progress", () => {
  test("a pipe gets one plain line for each quarter", () => {
    const { written, stream, now } = recorder({});
    const shown = progress(1000, stream, now);
    for (let done = 1; done <= 1000; done++) shown.update(done);
    shown.end();
    expect(written).toHaveLength(4);
    for (const line of written) expect(line).toMatch(/^[ -~µ]+\n$/);
    expect(written[3]).toContain("100 %  1,000 requests");
  });

  test("a terminal gets a bar, drawn over itself, ten times a second at most, and taken away at the end", () => {
    const { written, stream, now, advance } = recorder({ isTTY: true, columns: 80 });
    const shown = progress(1000, stream, now);
    for (let done = 1; done <= 1000; done++) {
      shown.update(done);
      advance(1);
    }
    expect(written.length).toBe(10);
    expect(written.every((text) => text.startsWith("\r\u001b[K") && !text.includes("\n"))).toBe(true);
    expect(written.at(-1)).toMatch(/\[#+-+\] 90 %/);
    shown.end();
    shown.update(1000);
    expect(written.at(-1)).toBe("\r\u001b[K");
  });

  test.each([5, 20, 40, 200])("the bar never wraps in %d columns", (columns) => {
    const { written, stream, now } = recorder({ isTTY: true, columns });
    progress(1_000_000, stream, now).update(500_000);
    expect((written[0] ?? "").length - "\r\u001b[K".length).toBeLessThan(columns);
  });

  test("a terminal that doesn't know its width gets a bar for 80 columns", () => {
    const { written, stream, now } = recorder({ isTTY: true, columns: 0 });
    progress(1000, stream, now).update(500);
    expect(written[0]).toMatch(/\[#+-+\] 50 %/);
  });

  test("nothing drawn, nothing taken away", () => {
    const { written, stream, now } = recorder({ isTTY: true });
    progress(10, stream, now).end();
    expect(written).toEqual([]);
  });
});
