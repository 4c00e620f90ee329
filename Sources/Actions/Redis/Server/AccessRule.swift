import Maintenance

extension Right {
    /// One rule of an ACL. HELLO and AUTH need none.
    static func redis(_ purpose: Purpose, _ rule: String, _ reason: String) -> Right {
        Right("redis", purpose, "ACL SETUSER {role} \(rule)", reason: reason)
    }

    /// What every look at the whole server needs.
    static let readInfo: [Right] = [
        .redis(.look, "+select", "to use the database that the target names"),
        .redis(.look, "+info", "to read what the server says of itself"),
    ]
}

extension Double {
    /// `12.3 %`, for people.
    var percentText: String { "\(((self * 10).rounded() / 10).written) %" }
}
