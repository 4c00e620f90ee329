import Maintenance
import Testing

@Suite struct SecretTests {
    private struct Holder {
        let user = "app"
        let password: Secret
        let others: [String: Secret]
    }

    private enum Login { case with(Secret, user: String) }

    /// Every usual way of making text of a value, alone and inside others.
    @Test func itIsNeverPrinted() {
        let secret = Secret("hunter2-hunter2")
        let holder = Holder(password: secret, others: ["x": secret])
        var dumped = ""
        dump(secret, to: &dumped)
        dump(holder, to: &dumped)
        dump([secret], to: &dumped)
        dump(Login.with(secret, user: "app"), to: &dumped)
        var printed = ""
        print(secret, holder, [secret], Optional(secret) as Any, Login.with(secret, user: "app"), to: &printed)
        debugPrint(secret, holder, [secret], (secret, 1), to: &printed)
        let texts = [
            dumped, printed, "\(secret)", "\(holder)", "\([secret])", "\(Optional(secret) as Any)",
            String(describing: secret),
            String(reflecting: secret), String(reflecting: holder),
            "\(Mirror(reflecting: secret).children.map(\.value))",
            "\(Mirror(reflecting: holder).children.map(\.value))", secret.written, "\(ValueErrors([]))",
            "\(Result<Secret, CouldNotLook>.success(secret))",
        ]
        for text in texts { #expect(!text.contains("hunter2")) }
        #expect("\(secret)" == "(secret)")
        #expect(secret.reveal() == "hunter2-hunter2")
    }

    @Test func itCannotBeEncodedOrCompared() {
        let secret: Any = Secret("hunter2")
        #expect(!(secret is any Encodable))
        #expect(!(secret is any Hashable))
    }

    @Test func anErrorAboutItDoesNotRepeatIt() {
        let error = #expect(throws: ValueError.self) { try Secret.read(.list([.text("hunter2")])) }
        #expect(error?.message == "a list where a reference such as ${env:NAME} is expected")
    }
}
