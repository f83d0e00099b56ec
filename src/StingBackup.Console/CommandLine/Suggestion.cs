using StingBackup.Engine.Reserve;

namespace StingBackup.Console.CommandLine;

/// <summary>What a person most likely meant.</summary>
internal static class Suggestion
{
    /// <summary>" Did you mean '--date'?", or nothing when no candidate is near.</summary>
    /// <param name="typed">The wrong word.</param>
    /// <param name="candidates">The right ones.</param>
    /// <param name="prefix">Put before each, such as dashes.</param>
    public static string For(string typed, IEnumerable<string> candidates, string prefix = "") => Of([.. NearestNames.Of(typed, candidates).Select(n => prefix + n)]);

    /// <summary>" Did you mean …?" with what may be meant, or nothing where that is nothing.</summary>
    public static string Of(IReadOnlyList<string> meant) => meant.Count == 0 ? "" : $" Did you mean {string.Join(" or ", meant.Select(m => $"'{m}'"))}?";
}
