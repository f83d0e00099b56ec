using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace StingBackup.Cmdlets.Completers;

/// <summary>Completes the months of the last three years, the newest first.</summary>
public sealed class MonthCompleter : IArgumentCompleter
{
    private const int Months = 36;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Enumerable.Range(0, Months).Select(back => TimeProvider.System.GetLocalNow().AddMonths(-back).ToString("yyyy-MM", CultureInfo.InvariantCulture))
            .Where(month => month.StartsWith(Completion.Unquote(wordToComplete), StringComparison.Ordinal)).Select(month => Completion.Of(month, ""));
}
