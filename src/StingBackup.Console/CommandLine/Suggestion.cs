using StingBackup.Engine.Reserve;

namespace StingBackup.Console.CommandLine;

/// <summary>What a person most likely meant.</summary>
internal static class Suggestion
{
    /// <summary>" Did you mean '--date'?", or nothing when no candidate is near.</summary>
    /// <param name="typed">The wrong word.</param>
    /// <param name="candidates">The right ones.</param>
    /// <param name="prefix">Put before each, such as dashes.</param>
    public static string For(string typed, IEnumerable<string> candidates, string prefix = "")
    {
        var near = NearestNames.Of(typed, candidates);
        return near.Count == 0 ? "" : $" Did you mean {string.Join(" or ", near.Select(n => $"'{prefix}{n}'"))}?";
    }
}
