import Maintenance
import Testing

@testable import ClientPrograms

extension OneAfterTheOther {
    struct HostKindTests {
        private let definition = TargetKindDefinition(HostKind.self)

        @Test func localIsTheOnlyOne() throws {
            for address in ["local", "host://local"] {
                #expect(try definition.target(from: .text(address)).identity == "host local")
            }
            let error = #expect(throws: ValueErrors.self) { try definition.target(from: .text("db1.example.com")) }
            #expect(error?.errors.first?.message.contains("ssh") == true)
            #expect(error?.errors.first?.path == ["address"])
        }

        @Test(arguments: [
            ProgramCommand([]), ProgramCommand([""]), ProgramCommand(["a\0b"]),
            ProgramCommand(["a"], directory: "relative"),
            ProgramCommand(["a"], environment: ["A=B": "c"]), ProgramCommand(["a"], environment: ["": "c"]),
            ProgramCommand(["a"], environment: ["A": "c"], secrets: ["A": Secret("d")]),
            ProgramCommand(Array(repeating: "a", count: 5000)),
            ProgramCommand([String(repeating: "a", count: 200_000)]),
        ])
        func wrongCommands(command: ProgramCommand) {
            #expect(throws: ValueError.self) { try command.validate() }
        }

        @Test func aLineForPeople() {
            #expect(ProgramCommand(["echo", "a b", "it's", "", "x=1"]).line == "echo 'a b' 'it'\\''s' '' x=1")
        }
    }
}
