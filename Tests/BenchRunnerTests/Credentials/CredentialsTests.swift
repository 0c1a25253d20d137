import Foundation
import Presign
import Testing

@testable import BenchRunner

@Suite struct AWSConfigFileTests {
    @Test func `blocks, comments, quotes and signs in values are read as botocore reads them`()
        throws
    {
        let file = try AWSConfigFile(
            """
            # a comment
            [default]
            Region = eu-west-1
            s3 =
                use_dualstack_endpoint = true
                addressing_style=path
            [profile "two words"]
            aws_secret_access_key = a=b = c#d
            ; another
            output:json
            """)
        #expect(file.sections["default"]?.values["region"] == "eu-west-1")
        #expect(
            file.sections["default"]?.blocks["s3"] == [
                "use_dualstack_endpoint": "true", "addressing_style": "path",
            ])
        let second = file.sections["profile two words"]
        #expect(second?.values == ["aws_secret_access_key": "a=b = c#d", "output": "json"])
    }

    @Test(arguments: [("key = value", 1), ("[default", 1), ("[a]\n\nword", 3)])
    func `what is no config file is refused with its line`(text: String, line: Int) {
        #expect { try AWSConfigFile(text) } throws: { ($0 as? AWSConfigFile.Failure)?.line == line }
    }
}

@Suite struct ShellWordsTests {
    @Test func `words are split as a shell does, and nothing is expanded`() {
        let words = ShellWords.split(#"/opt/a\ b --x "c \"d\" $HOME" '' e'f'g "\n""#)
        #expect(words == ["/opt/a b", "--x", #"c "d" $HOME"#, "", "efg", #"\n"#])
        #expect(ShellWords.split("'open") == nil)
        // A mark that combines with a quote, or a space, does not hide it.
        #expect(ShellWords.split("'\u{301}a' b \u{301}c") == ["\u{301}a", "b", "\u{301}c"])
    }
}

@Suite struct CredentialChainTests {
    /// An environment without files, programs and servers.
    private func environment(_ variables: [String: String], files: [String: String] = [:])
        -> AWSEnvironment
    {
        var environment = AWSEnvironment(
            variables: variables.merging(["HOME": "/home/user"]) { a, _ in a })
        environment.readFile = { files[$0] }
        environment.ask = { _ in nil }
        environment.now = { 1000 }
        return environment
    }

    @Test func `without any source there are none`() throws {
        #expect(try CredentialChain(environment([:])).find()?.source == nil)
    }

    @Test func `a circle of source profiles is refused`() throws {
        let config = """
            [profile a]
            role_arn = r
            source_profile = b
            [profile b]
            role_arn = r
            source_profile = a
            """
        let chain = try CredentialChain(
            environment(["AWS_PROFILE": "a"], files: ["/home/user/.aws/config": config]))
        #expect { try chain.find() } throws: { "\($0)".contains("circle: a, b, a") }
    }

    @Test func `a profile that wants a code from a device says so`() throws {
        let config = "[profile a]\nrole_arn = r\nsource_profile = a\nmfa_serial = m"
        let chain = try CredentialChain(
            environment(["AWS_PROFILE": "a"], files: ["/home/user/.aws/config": config]))
        #expect { try chain.find() } throws: { "\($0)".contains("MFA") }
    }
}

@Suite struct LiveCredentialsTests {
    private func found(_ key: String, until end: Double?) -> FoundCredentials {
        FoundCredentials(
            Credentials(accessKey: key, secretKey: "s"), expiresAt: end, source: "a test")
    }

    @Test
    func `they are fetched again a quarter of an hour before their end, or in the last quarter`() {
        #expect(LiveCredentials.refreshTime(found("a", until: 10_000), fetchedAt: 0) == 9100)
        #expect(LiveCredentials.refreshTime(found("a", until: 100), fetchedAt: 0) == 75)
        #expect(LiveCredentials.refreshTime(found("a", until: 0.5), fetchedAt: 0) == 1)
        #expect(LiveCredentials.refreshTime(found("a", until: nil), fetchedAt: 0) == .infinity)
    }

    @Test func `a signer is told once of each renewal, and a failed one changes nothing`() {
        let calls = Calls()
        let live = LiveCredentials(found("first", until: 100), now: 0) {
            () throws(CredentialError) in
            try calls.next()
        }
        var seen = 0
        #expect(live.renewed(since: &seen) == nil)
        live.refreshIfDue(now: 50)
        #expect(calls.count == 0)
        live.refreshIfDue(now: 80)
        #expect(live.failure == "not now" && live.renewed(since: &seen) == nil)
        live.refreshIfDue(now: 82)
        #expect(calls.count == 1)
        live.refreshIfDue(now: 86)
        #expect(live.renewed(since: &seen)?.accessKey == "second")
        #expect(live.renewed(since: &seen) == nil && live.failure == nil)
    }

    /// Fails at first, and then gives others.
    private final class Calls: @unchecked Sendable {
        // Only one thread calls.
        var count = 0

        func next() throws(CredentialError) -> FoundCredentials? {
            count += 1
            guard count > 1 else { throw CredentialError("not now") }
            return FoundCredentials(
                Credentials(accessKey: "second", secretKey: "s"), expiresAt: 1000, source: "a test")
        }
    }
}
