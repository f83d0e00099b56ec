using System.Globalization;
using System.Management.Automation;
using System.Security;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Operations;

namespace StingBackup.Cmdlets.Commands;

/// <summary>Enrols a host that only writes, in three steps on two machines: the host asks, the key role signs and gives a package, the host takes it in.</summary>
[Cmdlet(VerbsLifecycle.Register, "StingHost", SupportsShouldProcess = true, DefaultParameterSetName = RequestSet)]
[OutputType(typeof(HostRegistrationResult), typeof(HostRegistrationPlan))]
public sealed class RegisterStingHostCommand : InstallationCmdlet
{
    private const string NewSet = "New";
    private const string RequestSet = "Request";
    private const string TopUpSet = "TopUp";
    private const string PackageSet = "Package";

    /// <summary>The new host asks.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NewSet, HelpMessage = "On the new host: make its keys, and a request")]
    public SwitchParameter New { get; set; }

    /// <summary>A request to grant.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = RequestSet, HelpMessage = "On the key role's machine: the request of the new host")]
    [ValidateNotNullOrEmpty]
    public string Request { get; set; } = "";

    /// <summary>More spares for a host.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TopUpSet, HelpMessage = "On the key role's machine: make more spare keys for an enrolled host")]
    public SwitchParameter TopUp { get; set; }

    /// <summary>A package to take in.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PackageSet, HelpMessage = "On the host: the package that the key role made for it")]
    [ValidateNotNullOrEmpty]
    public string Package { get; set; } = "";

    /// <summary>Which host.</summary>
    [Parameter(ParameterSetName = NewSet, HelpMessage = "The new host's name, for people")]
    [Parameter(Mandatory = true, ParameterSetName = TopUpSet, HelpMessage = "The host's name, or its writer id")]
    [PSDefaultValue(Help = "The machine's name")]
    [ValidateNotNullOrEmpty]
    public string HostName { get; set; } = Environment.MachineName;

    /// <summary>What is written.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NewSet, HelpMessage = "The file that the request is written to")]
    [Parameter(Mandatory = true, ParameterSetName = RequestSet, HelpMessage = "The file that the package is written to")]
    [Parameter(Mandatory = true, ParameterSetName = TopUpSet, HelpMessage = "The file that the package is written to")]
    [ValidateNotNullOrEmpty]
    public string OutputPath { get; set; } = "";

    /// <summary>How many spares.</summary>
    [Parameter(ParameterSetName = RequestSet, HelpMessage = "How many spare keys the host gets: one for each new person or jar that it meets")]
    [Parameter(ParameterSetName = TopUpSet, HelpMessage = "How many more spare keys the host gets")]
    [PSDefaultValue(Help = "1000")]
    [ValidateRange(1, 100_000)]
    public int Count { get; set; } = 1_000;

    /// <summary>Opens the key file.</summary>
    [Parameter(ParameterSetName = RequestSet, HelpMessage = "The passphrase of the key file; without it you are asked where one is needed")]
    [Parameter(ParameterSetName = TopUpSet, HelpMessage = "The passphrase of the key file; without it you are asked where one is needed")]
    public SecureString? Passphrase { get; set; }

    private protected override SecureString? GivenPassphrase => Passphrase;

    private protected override void Execute()
    {
        switch (ParameterSetName)
        {
            case NewSet:
                var asking = Examine().Require();
                var request = HostRegistry.PlanRequest(asking, HostName, Resolve(OutputPath), TimeProvider.System);
                if (Ask(Of($"Make keys for host {request.HostName} and its request {request.OutputFile}", request, "Its private keys stay on this machine; the request holds no secret."), force: false))
                {
                    WriteObject(HostRegistry.Request(asking, request, TimeProvider.System));
                }
                break;
            case PackageSet:
                var joining = Examine().Require();
                var join = HostRegistry.PlanJoin(joining, Resolve(Package), TimeProvider.System);
                if (Ask(Of($"Take in {join.InputFile}", join, string.Create(CultureInfo.InvariantCulture, $"It holds {join.Spares:N0} spare keys; key role {join.Fingerprint} signed it, whom the configuration trusts.")), force: false))
                {
                    WriteObject(Wait(HostRegistry.JoinAsync(joining, join, TimeProvider.System, Cancel)));
                }
                break;
            default:
                Issue();
                break;
        }
    }

    private void Issue()
    {
        var plan = ParameterSetName == TopUpSet
            ? HostRegistry.PlanTopUp(Installation, HostName, Resolve(OutputPath), Count)
            : HostRegistry.PlanEnrol(Installation, Resolve(Request), Resolve(OutputPath), Count);
        var statement = plan.Step == HostStep.TopUp
            ? string.Create(CultureInfo.InvariantCulture, $"Make {plan.Spares:N0} spare keys for host {plan.HostName}")
            : string.Create(CultureInfo.InvariantCulture, $"Let host {plan.HostName} write to {plan.Repository}, with {plan.Spares:N0} spare keys");
        if (Ask(Of(statement, plan, $"Its fingerprint is {plan.Fingerprint}: compare it with what the host shows.", $"The package goes to {plan.OutputFile}; that host alone can open it."), force: false))
        {
            WriteObject(Wait(HostRegistry.IssueAsync(Installation, plan, Cancel)));
        }
    }

    private static Question Of(string statement, HostRegistrationPlan plan, params string[] details) => new("Register a host", statement, details, plan, Destroys: false);
}
