import Foundation
import Testing

/// Reads the source tree against the house's rules. A failure names file, line, rule, and what to use instead.
@Suite struct HouseRulesTests {
    @Test func importsFollowTheLayers() throws {
        expectNone(try SourceTree.sources().flatMap(Layers.violations))
    }

    @Test func bannedCallsStayInTheirFiles() throws {
        expectNone(try SourceTree.sources().flatMap(BannedWords.violations))
    }

    @Test func filesAndFunctionsAreShort() throws {
        expectNone(try SourceTree.all().flatMap(Sizes.violations))
    }

    @Test func everyRoomHasTests() throws {
        let rooms = try SourceTree.rooms()
        expectNone(
            rooms.filter { !SourceTree.exists("Tests/\($0.testFolder)") }.map {
                "Sources/\($0.folder): a room without tests"
            })
    }

    @Test func everyActionIsInItsDomainsList() throws {
        for domain in try SourceTree.folders("Sources/Actions") {
            let files = try SourceTree.files(below: "Sources/Actions/\(domain)")
            let text = files.map(\.text).joined()
            for file in files {
                for match in file.text.matches(of: /struct (\w+): (?:\w+, )*(?:Check|\w*Change|ProvenElsewhere)\b/) {
                    let isListed = text.contains(".check(\(match.1).self)") || text.contains(".change(\(match.1).self)")
                    #expect(isListed, "\(file.path): \(match.1) is an action and not in the list of \(domain)")
                }
            }
        }
    }

    /// The rules themselves can fail: each is shown a file that breaks it.
    @Test func rulesSeeWhatBreaksThem() {
        func file(_ path: String, _ text: String) -> SourceFile { SourceFile(path: path, text: text) }
        #expect(!Layers.violations(file("Sources/Host/A.swift", "import Maintenance\n")).isEmpty)
        #expect(!Layers.violations(file("Sources/Actions/Redis/A.swift", "public import Engine\n")).isEmpty)
        #expect(!BannedWords.violations(file("Sources/Engine/A.swift", "let now = Date()\n")).isEmpty)
        #expect(!BannedWords.violations(file("Sources/Engine/A.swift", "let x = try! f()\n")).isEmpty)
        #expect(
            !BannedWords.violations(file("Sources/Engine/A.swift", "final class A: @unchecked Sendable {}\n")).isEmpty)
        let long = "func f() {\n" + String(repeating: "    g()\n", count: 61) + "}\n"
        #expect(!Sizes.violations(file("Sources/Engine/A.swift", long)).isEmpty)
    }

    private func expectNone(_ violations: [String]) {
        for violation in violations { Issue.record("\(violation)") }
    }
}
