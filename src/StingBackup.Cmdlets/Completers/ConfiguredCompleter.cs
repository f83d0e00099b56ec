using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using StingBackup.Cmdlets.Abstractions;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes from what the configuration leads to. A completion never fails: where something is missing, it offers nothing.</summary>
public abstract class ConfiguredCompleter : IArgumentCompleter
{
    private protected ConfiguredCompleter()
    {
    }

    /// <summary>Every value with its explanation, in the order in which they are offered.</summary>
    private protected abstract IEnumerable<(string Value, string Explanation)> Values(StingConfiguration configuration, IDictionary bound);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(fakeBoundParameters);
        var typed = Completion.Unquote(wordToComplete);
        try
        {
            return [.. Values(Configuration(fakeBoundParameters["ConfigPath"] as string), fakeBoundParameters)
                .Where(v => v.Value.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
                .Select(v => Completion.Of(v.Value, v.Explanation))];
        }
        catch (Exception e) when (e is StingException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static StingConfiguration Configuration(string? path)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        // A session that completes is busy: its state is reached through a command within it alone.
        var location = shell.AddScript("$ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath").Invoke<string>().Single();
        var host = new SessionHostView(location);
        return new ConfigurationLoader(host).Load(new ConfigurationLocator(host).Find(path).Path);
    }
}
