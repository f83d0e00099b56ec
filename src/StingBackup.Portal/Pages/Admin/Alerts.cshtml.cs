using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.Operations.Alerts;
using StingBackup.Portal.Access;
using StingBackup.Portal.Admin;

namespace StingBackup.Portal.Pages.Admin;

/// <summary>Alerts that go on, and those that are over.</summary>
[PortalRule(Audience.Role, Command = "Get-StingAlert")]
internal sealed class AlertsModel(AdminDesk desk, PortalContext portal) : AdminPage(desk)
{
    private const int MostPast = 50;

    public IReadOnlyList<StingAlert> Open { get; private set; } = [];

    public IReadOnlyList<StingAlert> Past { get; private set; } = [];

    public Task<IActionResult> OnGetAsync() => ShowAsync(_ =>
    {
        var all = new AlertCenter(portal.Configuration, portal.Clock).Read();
        Open = [.. all.Where(a => a.State != AlertState.Resolved)];
        Past = [.. all.Where(a => a.State == AlertState.Resolved).OrderByDescending(a => a.ResolvedTime).Take(MostPast)];
        return Task.CompletedTask;
    });
}
