using System.Management.Automation;
using System.Management.Automation.Language;

namespace StingBackup.Cmdlets.Completers;

/// <summary>What the completers share: quoting.</summary>
internal static class Completion
{
    /// <summary>What was typed, without quotes.</summary>
    public static string Unquote(string? word) => (word ?? "").Trim('\'', '"');

    /// <summary>An offer, quoted where PowerShell needs it.</summary>
    /// <param name="value">What is inserted.</param>
    /// <param name="explanation">Shown beside it.</param>
    public static CompletionResult Of(string value, string explanation)
    {
        // Only at the beginning does an @ mean something else.
        var plain = value.Length > 0 && value[0] != '@' && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or '@');
        var text = plain ? value : $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";
        return new CompletionResult(text, value, CompletionResultType.ParameterValue, explanation.Length == 0 ? value : explanation);
    }
}
