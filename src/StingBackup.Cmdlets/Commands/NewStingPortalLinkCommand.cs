using System.Globalization;
using System.Management.Automation;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Cmdlets.Completers;
using StingBackup.Engine.People;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Makes a link for one use, by which somebody signs in to the portal.</summary>
[Cmdlet(VerbsCommon.New, "StingPortalLink", SupportsShouldProcess = true)]
[OutputType(typeof(PortalLink), typeof(PortalLinkPlan))]
public sealed class NewStingPortalLinkCommand : UnlockingCmdlet
{
    private const int MostMinutes = 24 * 60;

    /// <summary>A person; without it the link is for the own account.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "Who signs in by it: e-mail address, id or folder; without it your own account, with its roles")]
    [ArgumentCompleter(typeof(UserCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>How long it is good.</summary>
    [Parameter(HelpMessage = "How many minutes the link is good")]
    [ValidateRange(1, MostMinutes)]
    [PSDefaultValue(Help = "15")]
    public int Minutes { get; set; } = 15;

    private protected override void Execute()
    {
        var plan = Wait(SignInLinks.PlanAsync(Installation, User, Minutes, Cancel));
        var question = new Question("Portal link", string.Create(CultureInfo.InvariantCulture, $"Make a link that signs in {plan.For} once, within {plan.Minutes} minutes"), [$"Identity: {plan.Identity}"], plan, Destroys: false);
        if (Ask(question, force: false))
        {
            WriteObject(Wait(SignInLinks.MakeAsync(Installation, plan, Cancel)));
        }
    }
}
