using StingBackup.Engine.People;

namespace StingBackup.Engine.Tests.Operations.Alerts;

/// <summary>Mails to one person: to that one address alone, whoever else gets alerts.</summary>
public sealed class PersonMailTests : AlertTestBase
{
    private static readonly PersonMail Word = new("Ada <ada@example.org>", "Your recovery: Done", "It has ended.\n");

    [Fact]
    public async Task It_goes_to_the_person_and_to_nobody_whom_alerts_go_to()
    {
        using var server = new MailReceiver();
        Assert.True(await Word.SendAsync(Configuration("mail_server: 127.0.0.1", $"mail_port: {server.Port}", "mail_tls: none", "mail_from: backup@example.org", "mail_to: [oncall@example.org]"), default));
        var mail = Assert.Single(server.Mails);
        Assert.Equal("RCPT TO:<ada@example.org>", Assert.Single(server.Recipients));
        Assert.Equal(("Your recovery: Done", "It has ended."), (mail.Subject, mail.TextBody?.TrimEnd()));
        Assert.Equal("auto-generated", mail.Headers["Auto-Submitted"]);
    }

    [Fact]
    public async Task It_says_why_it_did_not_go()
    {
        Assert.False(await Word.SendAsync(Configuration(), default));
        using var server = new MailReceiver { Refuses = "MAIL" };
        var settings = Configuration("mail_server: 127.0.0.1", $"mail_port: {server.Port}", "mail_tls: none");
        Assert.Equal("AlertUndelivered", (await Assert.ThrowsAsync<StingException>(() => Word.SendAsync(settings, default))).ErrorId);
        Assert.Equal("AlertUndelivered", (await Assert.ThrowsAsync<StingException>(() => (Word with { To = "no address <" }).SendAsync(settings, default))).ErrorId);
    }
}
