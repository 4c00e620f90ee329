import Testing

@testable import ClientObjectStore

@Suite struct XMLTests {
    private func problem(_ text: String) -> XMLProblem? {
        do {
            _ = try XMLDocument.parse(Array(text.utf8))
            return nil
        } catch { return error }
    }

    @Test func whatStoresSend() throws {
        let root = try XMLDocument.parse(
            Array(
                """
                <?xml version="1.0" encoding="UTF-8"?>
                <x:R xmlns:x="http://s3"><x:A>1 &lt; 2 &#x41;</x:A>
                  <x:A>ü<![CDATA[<b>]]></x:A><B/>
                </x:R>
                """.utf8))
        #expect(root.name == "R" && root.all("A").map(\.text) == ["1 < 2 A", "ü<b>"] && root["B"]?.isEmpty == true)
        #expect(root["C"] == nil && root.text.isEmpty)
    }

    @Test(arguments: [
        "<R><A>1</A>", "<R><A>1</", "<R><A>1</A></R", "<R a=\"b", "<", "<?xml version=\"1.0\"?>", "<R>\n<A>ü",
    ])
    func cut(_ text: String) { #expect(problem(text) == .cut) }

    /// Wherever an answer is cut, it is never taken for a whole one.
    @Test func cutAnywhere() {
        let whole = "<?xml version=\"1.0\"?><R><Key>a&amp;b</Key><IsTruncated>false</IsTruncated></R>"
        for length in 1..<whole.utf8.count { #expect(problem(String(whole.prefix(length))) == .cut, "\(length)") }
        #expect(problem(whole) == nil)
    }

    @Test func hostile() {
        let bomb = """
            <?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><R>&b;</R>
            """
        #expect(problem(bomb) == .documentType("lolz"))
        #expect(problem("<!DOCTYPE r [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><R>&f;</R>") == .documentType("r"))
        #expect(problem("<!doctype html><html><body>Sign in</body></html>") != nil)
        #expect(problem("<!DOCTYPE html><html></html>")?.words == "a web page in the place of XML")
        #expect(problem("<R>&undefined;</R>") == .notXML(line: 1))
        #expect(problem(String(repeating: "<a>", count: 100_000)) == .tooDeep)
        #expect(problem("<R>" + String(repeating: "<a/>", count: 70_000) + "</R>") == .tooManyElements)
        #expect(problem("") == .empty)
        #expect(problem("  \n") == .empty)
        #expect(problem("{\"a\": 1}") == .notXML(line: 1))
        #expect(problem("<a></b>") == .notXML(line: 1))
        #expect(problem("<a/><b/>") == .notXML(line: 1))
    }

    @Test func wrongBytes() {
        #expect(throws: XMLProblem.notXML(line: 1)) {
            try XMLDocument.parse(Array("<R>".utf8) + [0xff, 0xfe] + Array("</R>".utf8))
        }
        #expect(throws: XMLProblem.notXML(line: 1)) { try XMLDocument.parse([0x1f, 0x8b, 8, 0, 1, 2, 3, 60, 61]) }
    }
}
