using StingBackup.Portal.Access;

namespace StingBackup.Portal.Pages;

/// <summary>An entry of the menu.</summary>
/// <param name="Path">Where it leads.</param>
/// <param name="Text">Its text's name.</param>
/// <param name="Rule">For whom it is: the rule of the page.</param>
internal sealed record MenuEntry(string Path, string Text, PortalRuleAttribute Rule)
{
    public bool IsCurrent(PathString at) => Path == "/" ? at == "/" : at.StartsWithSegments(Path, StringComparison.Ordinal);
}

/// <summary>The menu of whoever has signed in: pages that he may see.</summary>
internal sealed class PortalMenu(PortalContext portal)
{
    private static readonly MenuEntry[] Entries =
    [
        new("/", "Menu.Home", new PortalRuleAttribute(Audience.SignedIn)),
        new("/backups", "Menu.Backups", new PortalRuleAttribute(Audience.Person)),
        new("/files", "Menu.Files", new PortalRuleAttribute(Audience.Person)),
        new("/find", "Menu.Find", new PortalRuleAttribute(Audience.Person)),
        new("/recoveries", "Menu.Recoveries", new PortalRuleAttribute(Audience.Person)),
        new("/jars", "Menu.Jars", new PortalRuleAttribute(Audience.Person)),
        new("/reports", "Menu.Reports", new PortalRuleAttribute(Audience.Person)),
        new("/erasure", "Menu.Erasure", new PortalRuleAttribute(Audience.Person)),
        new("/admin", "Menu.Admin", new PortalRuleAttribute(Audience.Role) { Command = "Get-StingBackupStatus" }),
    ];

    private readonly PortalGate _gate = new(_ => Task.CompletedTask, portal);

    public IEnumerable<MenuEntry> For(PortalUser user) => Entries.Where(entry => _gate.Judge(entry.Rule, user) is null);
}
