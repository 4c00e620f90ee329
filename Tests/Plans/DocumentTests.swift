import Host
import Testing

@testable import Plans

/// Documents that are hostile, or no text at all.
struct DocumentTests {
    private func mistakes(_ bytes: [UInt8]) -> [String] {
        do {
            _ = try PlanLoader.load(
                path: "plan.yaml", host: .bytes(["plan.yaml": bytes]), catalogue: FakeCatalogue.whole)
            return []
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    private func mistakes(_ text: String) -> [String] { mistakes(Array(text.utf8)) }

    @Test func bytesThatAreNoTextAreShownAtTheirPlace() {
        #expect(
            mistakes(Array("service: é\nx: ".utf8) + [0xC3, 0x28]) == [
                "plan.yaml:2:4: this is not UTF-8; save the file as UTF-8"
            ])
        #expect(mistakes([0xFF, 0xFE, 0x73, 0x00]) == ["plan.yaml:1:1: this is not UTF-8; save the file as UTF-8"])
    }

    @Test func controlCharactersAreRefused() {
        let expected = "has no place in a plan; remove it, or write it as an escape in double quotes"
        #expect(mistakes("service: a\u{0}b") == ["plan.yaml:1:11: the character U+0000 \(expected)"])
        #expect(mistakes("a: 1\nservice: \u{E000}") == ["plan.yaml:2:10: the character U+E000 \(expected)"])
    }

    @Test func aByteOrderMarkAndWindowsLineEndsAreFine() {
        let plan =
            "\u{FEFF}service: steam\r\nprocedures:\r\n  daily:\r\n    steps:\r\n      - check: disk.usage\r\n        colour: red\r\n"
        #expect(mistakes(plan).first?.hasPrefix("plan.yaml:6:9: `colour` is no key of a step") == true)
    }

    @Test func aLargeFileIsRefused() {
        let text = "# " + String(repeating: "x", count: PlanLimits.fileSize)
        #expect(mistakes(text) == ["plan.yaml:1:1: the file could not be read: it is larger than 1048576 bytes"])
    }

    @Test func aMissingFileIsNamed() {
        #expect(throws: PlanErrors.self) {
            try PlanLoader.load(path: "none.yaml", host: .files([:]), catalogue: FakeCatalogue.whole)
        }
    }

    /// Each would take hours, or the whole memory, in a reader without bounds.
    @Test(arguments: Bomb.all) func bombsAreDefusedWithinASecond(_ bomb: Bomb) {
        let clock = ContinuousClock()
        let begun = clock.now
        let found = mistakes(bomb.text)
        #expect(clock.now - begun < .seconds(bomb.text.utf8.count > 100_000 ? 20 : 1))
        #expect(found.count == 1)
        #expect(found.first?.contains(bomb.expected) == true, "\(found)")
    }

    @Test func anchorsExpandWithinBounds() {
        let text = "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a]\nservice: *b\n"
        #expect(mistakes(text).contains("plan.yaml:2:4: a list where a text is expected"))
    }
}

struct Bomb: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let expected: String

    var testDescription: String { name }

    private static let laughs: String = {
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (before, letter) in zip("abcdefgh", "bcdefghi") {
            text += "\(letter): &\(letter) [" + Array(repeating: "*\(before)", count: 9).joined(separator: ", ") + "]\n"
        }
        return text
    }()

    static let all = [
        Bomb(name: "laughs", text: laughs + "service: *i\n", expected: "more than 50000 values"),
        Bomb(name: "laughs as a key", text: laughs + "? *i\n: x\n", expected: "explicit keys"),
        Bomb(name: "laughs as a flow key", text: laughs + "x: { *i : x }\n", expected: "more than 50000 values"),
        Bomb(name: "laughs in a flow key", text: laughs + "x: { [*i]: x }\n", expected: "is missing here"),
        Bomb(
            name: "deep", text: "x: " + String(repeating: "[", count: 500_000),
            expected: "the nesting is deeper than 32"),
        Bomb(
            name: "deep maps as keys",
            text: "x: "
                + String(
                    repeating: String(repeating: "{", count: 200) + "a" + String(repeating: "}: 1", count: 200),
                    count: 20),
            expected: "plan.yaml:1"),
        Bomb(
            name: "wide", text: "x: [" + String(repeating: "1,", count: 500_000) + "]",
            expected: "more than 50000 values"),
        Bomb(
            name: "anchors that hold themselves", text: "service: &a [*a]\n",
            expected: "an alias of an anchor `&a`, and there is none above"),
    ]
}
