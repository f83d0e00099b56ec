using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;

namespace StingBackup.Module.Tests.Hosting;

/// <summary>A PowerShell engine of its own, with the Core commands only, in a chosen culture.</summary>
internal sealed class HostedShell : IDisposable
{
    private readonly Runspace _runspace;

    /// <summary>Opens one without the module.</summary>
    /// <param name="culture">Culture of numbers, dates and of the user interface; the test's own when null.</param>
    /// <param name="cmdlets">Cmdlets of the tests' own.</param>
    public HostedShell(CultureInfo? culture = null, params Type[] cmdlets)
    {
        Host = new ScriptedHost(culture ?? CultureInfo.CurrentCulture);
        var state = InitialSessionState.CreateDefault2();
        foreach (var cmdlet in cmdlets)
        {
            var name = (CmdletAttribute)Attribute.GetCustomAttribute(cmdlet, typeof(CmdletAttribute))!;
            state.Commands.Add(new SessionStateCmdletEntry($"{name.VerbName}-{name.NounName}", cmdlet, null));
        }
        _runspace = RunspaceFactory.CreateRunspace(Host, state);
        _runspace.Open();
    }

    // The engine fills caches of its own at the first import in a process; two first imports at once were seen to find no module.
    private static readonly Lazy<bool> FirstImport = new(() =>
    {
        Import(null).Dispose();
        return true;
    });

    /// <summary>Opens one with the built module.</summary>
    public static HostedShell WithModule(CultureInfo? culture = null)
    {
        _ = FirstImport.Value;
        return Import(culture);
    }

    private static HostedShell Import(CultureInfo? culture)
    {
        var shell = new HostedShell(culture);
        shell.Run("param($path) Import-Module $path -ErrorAction Stop", ("path", Repository.Module)).Succeeded();
        return shell;
    }

    /// <summary>The host that answers questions.</summary>
    public ScriptedHost Host { get; }

    /// <summary>Runs a script to its end.</summary>
    public ShellResult Run(string script, params (string Name, object? Value)[] parameters)
    {
        using var shell = Prepare(script, parameters);
        return Finish(shell, output => shell.Invoke<object, PSObject>(null, output, null));
    }

    /// <summary>Runs a script, and stops it as Ctrl+C does once <paramref name="running"/> has completed.</summary>
    public ShellResult RunAndStop(string script, Task running, params (string Name, object? Value)[] parameters)
    {
        using var shell = Prepare(script, parameters);
        return Finish(shell, output =>
        {
            var run = shell.BeginInvoke<object, PSObject>(null, output);
            running.WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter().GetResult();
            shell.Stop();
            shell.EndInvoke(run);
        });
    }

    private PowerShell Prepare(string script, (string Name, object? Value)[] parameters)
    {
        // Within a try an error that ends a command ends the script as well, so that a test tells it from one that does not.
        const string Wrapper = "param($script, $arguments) try { & ([scriptblock]::Create($script)) @arguments } catch { throw }";
        var arguments = new System.Collections.Hashtable(parameters.ToDictionary(p => p.Name, p => p.Value));
        var shell = PowerShell.Create(_runspace).AddScript(Wrapper).AddParameter("script", script).AddParameter("arguments", arguments);
        return shell;
    }

    private static ShellResult Finish(PowerShell shell, Action<PSDataCollection<PSObject>> invoke)
    {
        using var output = new PSDataCollection<PSObject>();
        RuntimeException? failure = null;
        try
        {
            invoke(output);
        }
        catch (RuntimeException e)
        {
            failure = e;
        }
        return new ShellResult(
            output.ReadAll(), failure, [.. shell.Streams.Error], [.. shell.Streams.Warning.Select(w => w.Message)], [.. shell.Streams.Verbose.Select(v => v.Message)],
            [.. shell.Streams.Information.Select(i => i.MessageData?.ToString() ?? "")], [.. shell.Streams.Progress], shell.InvocationStateInfo.State);
    }

    /// <inheritdoc/>
    public void Dispose() => _runspace.Dispose();
}

/// <summary>What a script left in the streams.</summary>
internal sealed record ShellResult(
    Collection<PSObject> Output, RuntimeException? Failure, IReadOnlyList<ErrorRecord> Errors, IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose, IReadOnlyList<string> Information, IReadOnlyList<ProgressRecord> Progress, PSInvocationState State)
{
    /// <summary>Itself, when nothing failed.</summary>
    public ShellResult Succeeded()
    {
        Assert.True(Failure is null, Failure?.ErrorRecord.ToString() + Failure?.ErrorRecord.ScriptStackTrace);
        Assert.True(Errors.Count == 0, string.Join('\n', Errors));
        return this;
    }

    /// <summary>The error that ended it.</summary>
    public ErrorRecord FailedWith(string errorId)
    {
        Assert.NotNull(Failure);
        Assert.Equal(errorId, Failure.ErrorRecord.FullyQualifiedErrorId.Split(',')[0]);
        return Failure.ErrorRecord;
    }

    /// <summary>The output as objects of one type.</summary>
    public IReadOnlyList<T> Objects<T>() => [.. Output.Select(o => Assert.IsType<T>(o.BaseObject, exactMatch: false))];
}
