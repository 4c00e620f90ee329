import Host
import Maintenance
import Testing

@Suite struct JSONTests {
    @Test func equalValuesHaveEqualBytes() throws {
        let one: JSONValue = .object(["b": [1, 2], "a": .object(["y": "/é\"\n", "x": .null])])
        let other: JSONValue = .object(["a": .object(["x": .null, "y": "/é\"\n"]), "b": [1, 2]])
        #expect(try encodeJSON(one) == encodeJSON(other))
        #expect(String(decoding: try encodeJSON(one), as: UTF8.self) == #"{"a":{"x":null,"y":"/é\"\n"},"b":[1,2]}"#)
    }

    @Test(arguments: [
        "null", "true", "1", "-1", "0.1", "1e300", "\"\"", "\"true\"", "\"1\"", "[]", "{}", #"[1,"1",true,null,[{}]]"#,
        #"{"a":{"b":[{"c":1.5}]}}"#, "9007199254740992", #""\ud83d\ude00""#,
    ])
    func aDocumentComesBack(text: String) throws {
        let value = try decodeJSON(JSONValue.self, text.utf8)
        #expect(try decodeJSON(JSONValue.self, try encodeJSON(value)) == value)
    }

    @Test func typesAreNotMistakenForEachOther() throws {
        let value = try decodeJSON(JSONValue.self, #"[1,true,"1","true",0,false,null]"#.utf8)
        #expect(value == .list([.number(1), .bool(true), .text("1"), .text("true"), .number(0), .bool(false), .null]))
        #expect(String(decoding: try encodeJSON(JSONValue.number(3)), as: UTF8.self) == "3")
    }

    @Test(arguments: ["", "{", "nul", "'a'", "\"\u{1}\"", "1 2"])
    func whatIsNoDocumentIsAnError(text: String) {
        #expect(throws: DecodingError.self) { try decodeJSON(JSONValue.self, text.utf8) }
    }

    @Test func partsAreFoundByKeyAndIndex() throws {
        let value = try decodeJSON(JSONValue.self, #"{"items":[{"n":"12"},{"n":3}],"flag":true}"#.utf8)
        #expect(value["items"]?["0"]?["n"]?.asNumber == 12)
        #expect(value["items"]?["1"]?["n"]?.asNumber == 3)
        #expect(value["items"]?["2"] == nil)
        #expect(value["items"]?["-1"] == nil)
        #expect(value["flag"]?["x"] == nil)
        #expect(value["flag"]?.asNumber == nil)
        #expect(value["items"]?["0"]?["n"]?.asText == "12")
    }

    @Test func recordsOfTheDomainComeBack() throws {
        let proof = Proof(
            "Vacuumed.", measurements: [Measurement("rows", 3), Measurement("lag", 0.5, .seconds)],
            findings: [
                Finding("t", .warn, Cause(.threshold, "Old."), advice: "Look.", attributes: ["n": 1, "list": ["a"]])
            ])
        for state: ChangeState in [
            .pending, .running(handle: "4711"), .applied(proof), .partial("half"), .unknown(Cause(.timedOut, "Late.")),
        ] {
            #expect(try decodeJSON(ChangeState.self, try encodeJSON(state)) == state)
        }
        let unit = WorkUnit(
            id: "t1", title: "t1", size: 2.5, expected: .milliseconds(1500), attributes: ["a": "b"], items: ["x", "é"])
        #expect(try decodeJSON(WorkUnit.self, try encodeJSON(unit)) == unit)
        let plan: PlanValue = .map([.init("b", .list([.text("x"), .null])), .init("a", .text("1"))])
        #expect(try decodeJSON(PlanValue.self, try encodeJSON(plan)) == plan)
    }
}
