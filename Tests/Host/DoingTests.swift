import Host
import Testing

@Suite struct DoingTests {
    private struct Broken: Error {}

    @Test(arguments: [false, true]) func theEndComesOnceWhateverBecameOfTheWork(_ isBroken: Bool) async throws {
        var order: [String] = []
        do {
            let value = try await doing {
                order.append("work")
                if isBroken { throw Broken() }
                return 7
            } finally: {
                order.append("end")
            }
            #expect(value == 7 && !isBroken)
        } catch is Broken {
            #expect(isBroken)
        }
        #expect(order == ["work", "end"])
    }
}
