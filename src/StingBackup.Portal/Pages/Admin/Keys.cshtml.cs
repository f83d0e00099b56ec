using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine;
using StingBackup.Engine.Lifecycle;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>Keys: how old they are, what is due, how their escrow stands. Never a key.</summary>
[PortalRule(Audience.Role, Command = "Get-StingKey")]
internal sealed class KeysModel(AdminDesk desk) : AdminPage(desk)
{
    /// <summary>All but those of subjects, those that are due first; null where they could not be read.</summary>
    public IReadOnlyList<KeyInfo>? Keys { get; private set; }

    /// <summary>How many subjects have keys.</summary>
    public int Subjects { get; private set; }

    public IReadOnlyList<KeyOutlook> Outlook { get; private set; } = [];

    public BackupStatus? Status { get; private set; }

    /// <summary>When the portal's own certificate ends; null without TLS of its own.</summary>
    public DateTimeOffset? CertificateEnds { get; private set; }

    public Task<IActionResult> OnGetAsync() => ShowAsync(async cancel =>
    {
        Status = (await Desk.StandingAsync(Me, cancel).ConfigureAwait(false)).Value.Status;
        Outlook = Status.Details!.Keys;
        var all = await UseAsync(ListAsync).ConfigureAwait(false);
        Subjects = all.Count(k => k.Kind == KeyKind.Subject);
        Keys = [.. all.Where(k => k.Kind != KeyKind.Subject).OrderBy(k => k.DueTime ?? DateTimeOffset.MaxValue)];
        CertificateEnds = Desk.CertificateEnds();
    });

    internal static async ValueTask<List<KeyInfo>> ListAsync(Installation installation, CancellationToken cancel)
    {
        Engine.Governance.Access.Require(installation, "Get-StingKey");
        return installation.Keys is { } keys ? await keys.ListAsync(installation.Store, cancel).Select(key => KeyAges.WithDueTime(key, installation.Configuration?.Keys.RotateDays ?? 0)).ToListAsync(cancel).ConfigureAwait(false) : [];
    }

    public bool IsDue(KeyInfo key) => key.DueTime <= Desk.Now;
}
