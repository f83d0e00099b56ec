using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Operations.Alerts;

/// <summary>Each channel delivers to a receiver on the loopback address, which takes apart what it gets.</summary>
public sealed partial class ChannelTests : AlertTestBase
{
    private static readonly AlertFinding Failed = new("BackupFailed", "", AlertSeverity.Page, "2 backups in a row <failed> & \"stopped\"]\\.", "Look at the log.");

    [GeneratedRegex(@"^<(?<pri>\d{1,3})>1 (?<time>\S+) (?<host>\S+) sting-backup (?<pid>\d+) (?<id>\S+) \[alert@32473 (?<data>(?:[a-z]+=""(?:[^""\\\]]|\\[""\\\]])*"" ?)+)\] \ufeff(?<text>.*)$")]
    private static partial Regex Syslog();

    private readonly FakeTimeProvider _clock = new(Noon);
    private readonly List<string> _warnings = [];

    /// <summary>An alert that fires, is acknowledged and is resolved.</summary>
    private async Task<string> TellAsync(params string[] settings)
    {
        var center = new AlertCenter(Configuration(settings), _clock);
        Assert.Single(center.Channels);
        await center.UpdateAsync([Failed], _warnings.Add, default);
        var id = Assert.Single(center.Read()).Id;
        _clock.Advance(TimeSpan.FromMinutes(1));
        await center.AcknowledgeAsync(id, "ada", "", default);
        await center.UpdateAsync([], _warnings.Add, default);
        Assert.Empty(_warnings);
        Assert.Empty(Assert.Single(center.Read()).Waiting);
        return id;
    }

    [Fact]
    public async Task A_webhook_gets_everything_as_json_with_its_token()
    {
        using var web = new WebReceiver();
        var id = await TellAsync($"webhook: {web.Address}/hook", $"webhook_token_file: {Secret("t0ken")}");
        Assert.Equal(["fired", "acknowledged", "resolved"], web.Taken.Select(t => (string)t.Body["event"]!));
        Assert.All(web.Taken, t => Assert.Equal(("POST", "/hook", "Bearer t0ken", id, Failed.Summary), (t.Method, t.Path, t.Token, (string)t.Body["id"]!, (string)t.Body["summary"]!)));
        Assert.Equal(("page", "BackupFailed", "Look at the log."), ((string)web.Taken.First().Body["severity"]!, (string)web.Taken.First().Body["rule"]!, (string)web.Taken.First().Body["action"]!));
        Assert.Equal(Noon, DateTimeOffset.Parse((string)web.Taken.First().Body["time"]!, CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Pagerduty_gets_one_incident_that_is_triggered_acknowledged_and_resolved()
    {
        using var web = new WebReceiver { Status = 202 };
        var id = await TellAsync($"pagerduty_key_file: {Secret("r0uting")}", $"pagerduty_address: {web.Address}/v2/enqueue");
        Assert.Equal(["trigger", "acknowledge", "resolve"], web.Taken.Select(t => (string)t.Body["event_action"]!));
        Assert.All(web.Taken, t => Assert.Equal(("r0uting", id), ((string)t.Body["routing_key"]!, (string)t.Body["dedup_key"]!)));
        var payload = web.Taken.First().Body["payload"]!;
        Assert.Equal(("critical", "BackupFailed"), ((string)payload["severity"]!, (string)payload["class"]!));
        Assert.Contains(Failed.Summary, (string)payload["summary"]!, StringComparison.Ordinal);
        Assert.Null(web.Taken.Last().Body["payload"]);
    }

    [Fact]
    public async Task Slack_and_teams_get_their_forms_at_an_address_that_is_a_secret()
    {
        using var web = new WebReceiver();
        await TellAsync($"slack_url_file: {Secret(web.Address + "/services/T/B/s3cret")}");
        Assert.All(web.Taken, t => Assert.Equal("/services/T/B/s3cret", t.Path));
        Assert.Contains("&lt;failed&gt; &amp; \"stopped\"", (string)web.Taken.First().Body["text"]!, StringComparison.Ordinal);
        web.Taken.Clear();
        File.Delete(Path.Combine(Folder, "state", "alerts", "alerts.json"));
        await TellAsync($"teams_url_file: {Secret(web.Address + "/workflows/s3cret")}");
        var card = web.Taken.First().Body["attachments"]![0]!;
        Assert.Equal(("application/vnd.microsoft.card.adaptive", "AdaptiveCard"), ((string)card["contentType"]!, (string)card["content"]!["type"]!));
        Assert.Contains(Failed.Summary, (string)card["content"]!["body"]![0]!["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Matrix_gets_a_message_into_its_room_under_a_number_of_its_own()
    {
        using var web = new WebReceiver();
        await TellAsync($"matrix: {web.Address}", "matrix_room: \"!backup:example.org\"", $"matrix_token_file: {Secret("t0ken")}");
        Assert.All(web.Taken, t => Assert.Equal(("PUT", "Bearer t0ken", "m.text"), (t.Method, t.Token, (string)t.Body["msgtype"]!)));
        Assert.All(web.Taken, t => Assert.StartsWith("/_matrix/client/v3/rooms/%21backup%3Aexample.org/send/m.room.message/", t.Path, StringComparison.Ordinal));
        Assert.Equal(3, web.Taken.Select(t => t.Path).Distinct().Count());
    }

    [Fact]
    public async Task A_mail_server_gets_mails_that_are_one_thread()
    {
        using var mail = new MailReceiver();
        var id = await TellAsync("mail_server: 127.0.0.1", $"mail_port: {mail.Port}", "mail_tls: none", "mail_from: backup@example.org", "mail_to: [oncall@example.org, \"Second <second@example.org>\"]", "mail_user: backup", $"mail_password_file: {Secret("p4ss")}");
        Assert.Equal("\0backup\0p4ss", mail.Login);
        Assert.Equal(3, mail.Mails.Count);
        Assert.Equal(6, mail.Recipients.Count);
        var first = mail.Mails.First();
        Assert.StartsWith("[PAGE] StingBackup on ", first.Subject, StringComparison.Ordinal);
        Assert.StartsWith("[RESOLVED] ", mail.Mails.Last().Subject, StringComparison.Ordinal);
        Assert.Equal("backup@example.org", first.From.Mailboxes.Single().Address);
        Assert.Equal(["oncall@example.org", "second@example.org"], first.To.Mailboxes.Select(m => m.Address));
        Assert.All(mail.Mails, m => Assert.Equal([$"{id}@sting-backup"], m.References));
        Assert.Contains($"alert-confirm --id={id}", first.TextBody, StringComparison.Ordinal);
        Assert.Equal(Noon, first.Date);
    }

    [Fact]
    public async Task Syslog_gets_lines_by_datagram_and_by_stream()
    {
        using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var id = await TellAsync($"syslog: udp://127.0.0.1:{((IPEndPoint)udp.Client.LocalEndPoint!).Port}");
        var lines = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            lines.Add(Encoding.UTF8.GetString((await udp.ReceiveAsync().WaitAsync(TimeSpan.FromSeconds(20))).Buffer));
        }
        Check(lines, id);

        File.Delete(Path.Combine(Folder, "state", "alerts", "alerts.json"));
        using var tcp = new TcpListener(IPAddress.Loopback, 0);
        tcp.Start();
        var read = Task.Run(async () =>
        {
            var taken = new List<string>();
            while (taken.Count < 3)
            {
                using var client = await tcp.AcceptTcpClientAsync();
                using var all = new MemoryStream();
                await client.GetStream().CopyToAsync(all);
                var bytes = all.ToArray();
                var space = Array.IndexOf(bytes, (byte)' ');
                Assert.Equal(bytes.Length - space - 1, int.Parse(Encoding.ASCII.GetString(bytes, 0, space), CultureInfo.InvariantCulture));   // octet counting
                taken.Add(Encoding.UTF8.GetString(bytes, space + 1, bytes.Length - space - 1));
            }
            return taken;
        });
        id = await TellAsync($"syslog: tcp://127.0.0.1:{((IPEndPoint)tcp.LocalEndpoint).Port}");
        Check(await read.WaitAsync(TimeSpan.FromSeconds(20)), id);

        static void Check(List<string> lines, string id)
        {
            var parsed = lines.Select(line => Syslog().Match(line)).ToList();
            Assert.All(parsed, m => Assert.True(m.Success));
            Assert.Equal(["9", "13", "13"], parsed.Select(m => m.Groups["pri"].Value));   // user, alert; user, notice
            Assert.Equal(["Fired", "Acknowledged", "Resolved"], parsed.Select(m => m.Groups["id"].Value));
            Assert.All(parsed, m => Assert.Contains($"id=\"{id}\"", m.Groups["data"].Value, StringComparison.Ordinal));
            Assert.Contains(Failed.Summary, parsed[0].Groups["text"].Value, StringComparison.Ordinal);
        }
    }

    [LinuxFact]
    public async Task A_program_does_not_get_the_passphrase_that_a_job_was_given()
    {
        var program = ScriptFile.Write(Path.Combine(Folder, "look"), $"#!/bin/sh\nenv > {Folder}/environment\n");
        Environment.SetEnvironmentVariable("STING_BACKUP_PASSPHRASE", "planted secret");
        try
        {
            Assert.True((await new AlertCenter(Configuration($"exec: {program}"), _clock).TestAsync("exec", default)).IsDelivered);
        }
        finally
        {
            Environment.SetEnvironmentVariable("STING_BACKUP_PASSPHRASE", null);
        }
        var given = await File.ReadAllTextAsync(Path.Combine(Folder, "environment"));
        Assert.Contains("PATH=", given, StringComparison.Ordinal);
        Assert.DoesNotContain("planted secret", given, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_program_gets_the_message_at_its_input_and_its_exit_code_counts()
    {
        var program = ScriptFile.Write(Path.Combine(Folder, "take"), $"#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x\ncat >> {Folder}/taken\necho >> {Folder}/taken\n");
        await TellAsync($"exec: {program}");
        Assert.Equal(["fired", "acknowledged", "resolved"], File.ReadLines(Path.Combine(Folder, "taken")).Select(line => (string)JsonNode.Parse(line)!["event"]!));
        var refuses = ScriptFile.Write(Path.Combine(Folder, "refuse"), "#!/bin/sh\nexit 3\n");
        var test = await new AlertCenter(Configuration($"exec: {refuses}"), _clock).TestAsync("exec", default);
        Assert.False(test.IsDelivered);
        Assert.Contains("ended with 3", test.Problem, StringComparison.Ordinal);
        Assert.False((await new AlertCenter(Configuration($"exec: {Folder}/nowhere"), _clock).TestAsync("exec", default)).IsDelivered);
    }

    [Fact]
    public async Task What_does_not_arrive_is_kept_told_and_tried_again_in_order()
    {
        using var web = new WebReceiver { Status = 503 };
        var center = new AlertCenter(Configuration($"webhook: {web.Address}/hook"), _clock);
        await center.UpdateAsync([Failed], _warnings.Add, default);
        Assert.Contains("503", Assert.Single(_warnings), StringComparison.Ordinal);
        var waiting = Assert.Single(Assert.Single(center.Read()).Waiting);
        Assert.Equal(("webhook", 1, Noon.AddMinutes(1)), (waiting.Channel, waiting.Attempts, waiting.NextTime));
        web.Status = 200;
        _clock.Advance(TimeSpan.FromSeconds(30));
        await center.UpdateAsync([], _warnings.Add, default);   // not yet its time; and what came after waits behind it
        Assert.Empty(web.Taken);
        Assert.Equal(2, Assert.Single(center.Read()).Waiting.Count);
        _clock.Advance(TimeSpan.FromSeconds(30));
        // Another process goes on with it.
        await new AlertCenter(Configuration($"webhook: {web.Address}/hook"), _clock).UpdateAsync([], _warnings.Add, default);
        Assert.Equal(["fired", "resolved"], web.Taken.Select(t => (string)t.Body["event"]!));
        Assert.Empty(Assert.Single(center.Read()).Waiting);
        Assert.Single(_warnings);
    }

    [Fact]
    public async Task No_secret_is_told_and_none_is_led_elsewhere()
    {
        using var web = new WebReceiver { Status = 302 };
        var slack = await new AlertCenter(Configuration($"slack_url_file: {Secret(web.Address + "/s3cret")}"), _clock).TestAsync("slack", default);
        Assert.False(slack.IsDelivered);
        Assert.DoesNotContain("s3cret", slack.Problem, StringComparison.Ordinal);
        Assert.Empty(web.Taken);
        var gone = await new AlertCenter(Configuration($"slack_url_file: {Secret($"http://127.0.0.1:{FreePorts.Next()}/s3cret")}"), _clock).TestAsync("slack", default);
        Assert.False(gone.IsDelivered);
        Assert.DoesNotContain("s3cret", gone.Problem, StringComparison.Ordinal);
        var none = await new AlertCenter(Configuration($"slack_url_file: {Folder}/nowhere"), _clock).TestAsync("slack", default);
        Assert.Contains("gives no secret", none.Problem, StringComparison.Ordinal);
        using var mail = new MailReceiver { Refuses = "AUTH" };
        var refused = await new AlertCenter(Configuration("mail_server: 127.0.0.1", $"mail_port: {mail.Port}", "mail_tls: none", "mail_to: [a@example.org]", "mail_user: backup", $"mail_password_file: {Secret("p4ss")}"), _clock).TestAsync("mail", default);
        Assert.Contains("does not let us log in", refused.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("p4ss", refused.Problem, StringComparison.Ordinal);
        Assert.Equal("AlertChannelUnknown", (await Assert.ThrowsAsync<StingException>(() => new AlertCenter(Configuration(), _clock).TestAsync("mail", default))).ErrorId);
    }

    [Fact]
    public async Task An_installation_that_cannot_be_opened_pages_and_resolves_nothing_else()
    {
        using var web = new WebReceiver();
        var configuration = Configuration($"webhook: {web.Address}/hook");
        var center = new AlertCenter(configuration, _clock);
        await center.UpdateAsync(Good with { Storage = [new StorageMetric("disk", 95, 100)] }, _warnings.Add, default);
        await AlertWatch.LookAsync(configuration, _clock, _warnings.Add, default);   // there are no keys
        Assert.Equal(["StorageFull", "BackupsUnreadable"], web.Taken.Select(t => (string)t.Body["rule"]!));
        Assert.Equal([AlertState.Firing, AlertState.Firing], center.Read().Select(a => a.State));
        await center.UpdateAsync(Good, _warnings.Add, default);
        Assert.All(center.Read(), a => Assert.Equal(AlertState.Resolved, a.State));
    }
}
