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
        new("/admin", "Menu.Admin", new PortalRuleAttribute(Audience.Role) { Command = "Get-StingBackupStatus" }),
    ];

    private readonly PortalGate _gate = new(_ => Task.CompletedTask, portal);

    public IEnumerable<MenuEntry> For(PortalUser user) => Entries.Where(entry => _gate.Judge(entry.Rule, user) is null);
}
