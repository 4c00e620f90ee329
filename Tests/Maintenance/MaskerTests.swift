import Foundation
import Maintenance
import Testing

@Suite struct MaskerTests {
    private let secret = "p@ss/w'ö\"rd-47"

    @Test func everyUsualFormIsHidden() throws {
        let masker = Masker([Secret(secret)])
        let bytes = Array(secret.utf8)
        let percent = try #require(
            secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~"))))
        let forms = [
            secret, Data(bytes).base64EncodedString(), hex(bytes), hex(bytes).uppercased(), percent,
            String(decoding: try encodeJSON([secret]), as: UTF8.self),
            secret.replacingOccurrences(of: "'", with: "'\\''"),
        ]
        for form in forms {
            let masked = masker.mask("before \(form) after")
            #expect(masked.hasPrefix("before ") && masked.hasSuffix(" after"))
            #expect(masked.contains("(secret)"), "\(form)")
            #expect(!masked.contains("47"), "\(form)")
        }
    }

    /// Inside a longer base64 text its bits stand at one of three offsets.
    @Test func insideBase64ItIsHidden() {
        let masker = Masker([Secret("correct-horse-battery")])
        for lead in 0..<6 {
            for tail in 0..<4 {
                let text =
                    String(repeating: "x", count: lead) + "correct-horse-battery" + String(repeating: "y", count: tail)
                let masked = masker.mask(Data(text.utf8).base64EncodedString())
                #expect(masked.contains("(secret)"), "\(lead) \(tail)")
                let rest = masked.replacingOccurrences(of: "(secret)", with: "")
                #expect(rest.count <= (lead + tail) * 2 + 8)
            }
        }
    }

    @Test func thePasswordOfAURLIsHiddenByItself() {
        let masker = Masker([Secret("postgresql://app:s%40fe-word@db.example.com:5432/main")])
        #expect(masker.mask("password s%40fe-word or s@fe-word") == "password (secret) or (secret)")
        #expect(masker.mask("app at db.example.com") == "app at db.example.com")
    }

    @Test func theLongestGoesFirst() {
        let masker = Masker([Secret("abcd"), Secret("abcdefgh")])
        #expect(masker.mask("abcdefgh abcd") == "(secret) (secret)")
    }

    @Test func withoutSecretsNothingChanges() {
        #expect(Masker([]).isEmpty)
        #expect(Masker([Secret(""), Secret("abc")]).isEmpty)
        #expect(Masker([]).mask("anything") == "anything")
    }

    /// Only texts are masked: a secret that looks like a number or a key does not break the value around it.
    @Test func aValueKeepsItsShape() throws {
        let finding = Finding(
            "table 4711", .fail, Cause(.threshold, "The subject is \"sub\\ject\"."),
            attributes: ["rows": .number(4711), "subject": "4711 and rows", "list": ["rows"]])
        let masked = try Masker([Secret("4711"), Secret("rows"), Secret("subject")]).masked(finding)
        #expect(masked.subject == "table (secret)")
        #expect(masked.severity == .fail)
        #expect(masked.cause.sentence == "The (secret) is \"sub\\ject\".")
        #expect(masked.attributes == ["rows": .number(4711), "subject": "(secret) and (secret)", "list": ["(secret)"]])
        let quoted = try Masker([Secret("a\"b\\c")]).masked(["k": "x a\"b\\c y"])
        #expect(quoted == ["k": "x (secret) y"])
    }
}
