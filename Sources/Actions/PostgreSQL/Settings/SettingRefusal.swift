import ClientPostgreSQL
import Maintenance

/// Why a setting would not be written, or what to know before it is.
enum SettingRefusal {
    static func findings(_ look: SettingLook, _ access: PostgreSQLAccess) async throws -> [Finding] {
        if look.name != nil, look.isSo { return [] }
        if let refusal = refusal(look) { return [refusal] }
        if look.isWaiting { return [restart(look)] }
        // What waits for a restart is proven by the file alone.
        if look.entry == .hidden || !look.isEntryRead && look.context == "postmaster" {
            return [
                Finding(
                    look.asked, .unknown, hidden(look),
                    advice: "Grant the looking role what `millwright rights` prints for this step.")
            ]
        }
        if let wanted = look.wanted, let refusal = try await tried(look, wanted, access) { return [refusal] }
        var findings: [Finding] = []
        if look.context == "postmaster" { findings.append(restart(look)) }
        if let whose = look.overriddenFor {
            findings.append(
                Finding(
                    look.asked, .warn, Cause(.differs, "It does not reach all: \(whose) has a value of its own."),
                    advice: "Take that away with ALTER DATABASE or ALTER ROLE … RESET, where it is not meant."))
        }
        return findings
    }

    static func hidden(_ look: SettingLook) -> Cause {
        Cause(
            .noPermission,
            "What postgresql.auto.conf has for \(look.name ?? look.asked) is not shown to the looking role.")
    }

    private static func restart(_ look: SettingLook) -> Finding {
        Finding(
            look.asked, .warn, Cause(.needsRestart, "It is in force only from the next restart on."),
            advice: "Plan a restart in a window.")
    }

    private static func refusal(_ look: SettingLook) -> Finding? {
        func fail(_ code: Cause.Code, _ sentence: String, _ advice: String) -> Finding {
            Finding(look.asked, .fail, Cause(code, sentence), advice: advice)
        }
        guard look.name != nil else {
            guard look.maySeeAll else {
                return Finding(
                    look.asked, .unknown,
                    Cause(.noPermission, "It is not shown to the looking role, or does not exist."),
                    advice: "Grant the looking role pg_read_all_settings.")
            }
            return fail(.notFound, "There is no such setting in this server.", "Check its name; load its extension.")
        }
        if look.isSecret {
            return fail(.notSupported, "It may hold a secret, which a plan must not.", "Set it on the server.")
        }
        if look.context == "internal" {
            return fail(.notSupported, "It is built in, or follows from others.", "Leave it out.")
        }
        if ["data_directory", "config_file"].contains(look.name) {
            return fail(.notSupported, "It says where the configuration is.", "Change how the server is started.")
        }
        if ["command line", "environment variable"].contains(look.source) {
            return fail(
                .notSupported,
                "The server was started with it\(SeenSetting.place(look.source)), which ALTER SYSTEM does "
                    + "not reach.", "Change how the server is started.")
        }
        if let wanted = look.wanted, !look.isValue {
            return fail(
                .outOfRange, "The server refuses \(wanted): it takes \(look.range).", "Check the value and its unit.")
        }
        return nil
    }

    /// What a session may set, the server tries: in the look's own transaction, which changes nothing.
    private static func tried(_ look: SettingLook, _ wanted: String, _ access: PostgreSQLAccess) async throws
        -> Finding?
    {
        let name = look.name ?? look.asked
        guard ["user", "superuser"].contains(look.context), !name.hasSuffix("_timeout"),
            !name.hasPrefix("transaction_"), name != "client_encoding", !SettingSQL.quotedLists.contains(name)
        else { return nil }
        do {
            _ = try await access.query("SELECT set_config($1, $2, true)", [SQLParameter(name), SQLParameter(wanted)])
            return nil
        } catch let error as CouldNotLook {
            // invalid_parameter_value; anything else says nothing of the value.
            guard error.cause.sentence.contains("SQLSTATE 22023") else { return nil }
            return Finding(
                look.asked, .fail, Cause(.outOfRange, "The server refuses \(wanted)."),
                advice: "Check the value; the server's log says why.")
        }
    }
}
