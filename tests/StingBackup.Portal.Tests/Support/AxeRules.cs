using Deque.AxeCore.Commons;

namespace StingBackup.Portal.Tests.Support;

/// <summary>What axe looks for. It tells what is wrong and not, at length, what is right.</summary>
internal static class AxeRules
{
    /// <summary>WCAG 2.2 AA, as far as a program can tell.</summary>
    public static readonly AxeRunOptions All = new() { ResultTypes = [ResultType.Violations], RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] } };

    /// <summary>What another colour scheme or width changes of a page that was looked at whole.</summary>
    public static readonly AxeRunOptions Looks = new() { ResultTypes = [ResultType.Violations], RunOnly = new RunOnlyOptions { Type = "rule", Values = ["color-contrast", "link-in-text-block", "target-size"] } };
}
