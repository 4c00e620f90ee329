import Testing

@testable import Maintenance

struct JSONReaderTests {
    @Test func aWholeDocument() throws {
        let text = #" {"a": [1, -2.5e-3, 0, true, false, null, "x\n\u00e9\ud83d\ude00\/\\\""], "": {}, "b": []} "#
        let expected: JSONValue = [
            "a": [.number(1), .number(-0.0025), 0, true, false, .null, "x\né😀/\\\""], "": .object([:]), "b": [],
        ]
        #expect(try JSONReader.read(Array(text.utf8)) == expected)
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", #"{"a":1,}"#, #"{"a" 1}"#, "{a:1}", "'a'", "nul", "truee", "01", "1.", ".5", "+1", "-",
        "1e", "--1",
        "1 2", "[1 2]", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\u+123\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"a\nb\"", "NaN", "Infinity", "-Infinity", "1e400", "// x\n1", "[1]]", #"{"a":1,"a":2}"#,
    ])
    func notADocument(text: String) {
        let mistake = #expect(throws: JSONReader.Mistake.self) { try JSONReader.read(Array(text.utf8)) }
        #expect(mistake?.isTooLarge == false)
    }

    @Test func bytesThatAreNoText() {
        #expect(throws: JSONReader.Mistake.self) { try JSONReader.read([0x22, 0xFF, 0x22]) }
        #expect(throws: JSONReader.Mistake.self) { try JSONReader.read([0x22, 0xED, 0xA0, 0x80, 0x22]) }
        #expect(throws: JSONReader.Mistake.self) { try JSONReader.read([0]) }
    }

    @Test func theDepthIsBounded() throws {
        let depth = Limits.jsonDepth
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try JSONReader.read(nested(depth))
        let mistake = #expect(throws: JSONReader.Mistake.self) { try JSONReader.read(nested(depth + 1)) }
        #expect(mistake?.isTooLarge == true)
    }

    @Test func whatIsLeftOutIsReadAllTheSame() throws {
        let text = #"{"a": {"b": [1, {"c": "x"}], "d": 2}, "e": {}, "d": [], "f": [[], {}]}"#
        #expect(
            try JSONReader.read(Array(text.utf8), .without(["b", "f"])) == ["a": ["d": 2], "e": .object([:]), "d": []])
        #expect(try JSONReader.read(Array(text.utf8), .only(["a", "d"])) == ["a": ["d": 2], "d": []])
        for broken in [#"{"b": [1,]}"#, #"{"b": {"x" 1}}"#, #"{"b": {"x": 1}"#, #"{"b": "\x"}"#] {
            #expect(throws: JSONReader.Mistake.self) { try JSONReader.read(Array(broken.utf8), .without(["b"])) }
        }
    }
}
