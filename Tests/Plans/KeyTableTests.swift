import Testing

@testable import Plans

/// One table defines the keys: the decoder reads those and no others.
struct KeyTableTests {
    @Test func theDecoderReadsEveryKeyOfTheTableAndNoOther() throws {
        let fixture = try PlanFixture("every-key.good.txt")
        var log = MistakeLog()
        _ = try PlanLoader.load(
            path: "plans/plan.yaml", host: fixture.host, catalogue: FakeCatalogue.whole, &log)
        let tables = Dictionary(uniqueKeysWithValues: PlanKeys.all.map { ($0.name, Set($0.keys.map(\.name))) })
        #expect(log.keysRead == tables)
    }

    @Test(arguments: PlanKeys.all.map(\.name))
    func eachKeyIsExplainedOnce(_ name: String) throws {
        let table = try #require(PlanKeys.all.first { $0.name == name })
        #expect(Set(table.keys.map(\.name)).count == table.keys.count)
        for key in table.keys {
            #expect(key.summary.hasSuffix("."))
            #expect(!key.typeName.isEmpty)
            #expect(table.later[key.name] == nil, "both a key and none of this version")
        }
    }
}
