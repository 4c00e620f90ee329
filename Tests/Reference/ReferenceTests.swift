import FoundationEssentials
import Host
import Maintenance
import Reference
import Testing

private struct NoKind: TargetKind {
    static let name = "none"
    static let summary = "Nothing."
    static let shorthand = "name"
    static let schemes: [String] = []
    static let parameters: [Parameter<NoKind>] = [.optional("name", \.name, default: "", "A name.")]
    var name = ""
    var identity: String { "none" }
    func open(on host: Host) {}
    func access(_ client: Void, for purpose: Purpose, in context: Context) async throws {}
    func close(_ client: Void) async {}
}

private struct Weather: Check {
    typealias Kind = NoKind
    static let declaration = Declaration(
        name: "weather.rain", summary: "Whether it rains.",
        measurements: [MeasurementDeclaration("rain", .percent, "How likely.", aggregate: .largest)],
        thresholds: Thresholds(warn: "rain > 50%"), applies: "Outdoors.", example: "place: Oslo")
    static let parameters: [Parameter<Weather>] = [.required("place", \.place, "Where.")]
    var place = ""
    func observe(_ access: Void, in context: Context) async throws -> Observation { Observation(summary: "") }
}

@Suite struct ReferenceTests {
    private let catalogue = Catalogue(actions: [.check(Weather.self)], kinds: [TargetKindDefinition(NoKind.self)])

    @Test func anActionsPageComesFromItsDeclaration() throws {
        let action = try #require(catalogue.actions["weather.rain"])
        let page = ActionPage.text(action)
        for part in ["# weather.rain", "`place`", "required", "`rain`", "Warns when `rain > 50%`", "place: Oslo"] {
            #expect(page.contains(part), "\(part)")
        }
    }

    @Test func aPageThatIsOutOfDateIsFound() throws {
        let pages = try ReferencePages.all(catalogue, commandLine: "# commands\n")
        let folder = FileManager.default.temporaryDirectory.appending(path: "reference-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try pages.write(to: folder)
        #expect(try pages.outdated(in: folder).isEmpty)
        try Data("old".utf8).write(to: URL(filePath: folder + "/plan.md"))
        try Data("gone".utf8).write(to: URL(filePath: folder + "/actions/weather.snow.md"))
        #expect(try pages.outdated(in: folder) == ["actions/weather.snow.md", "plan.md"])
    }
}
