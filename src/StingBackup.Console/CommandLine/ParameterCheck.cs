using System.Management.Automation;

namespace StingBackup.Console.CommandLine;

/// <summary>Finds what is missing or does not go together before PowerShell would ask for it in its own words.</summary>
internal static class ParameterCheck
{
    /// <summary>Checks what was given against the cmdlet's parameter sets.</summary>
    /// <exception cref="UsageException">No parameter set fits.</exception>
    public static void Require(Verb verb, CommandInfo command, IReadOnlyCollection<string> given)
    {
        var fitting = command.ParameterSets.Where(s => given.All(g => s.Parameters.Any(p => p.Name == g))).ToList();
        if (fitting.Count == 0)
        {
            throw new UsageException($"{Options(verb, given)} do not go together. '{verb.Program} {verb.Name} --help' explains them.");
        }
        var missing = fitting.Select(s => s.Parameters.Where(p => p.IsMandatory && !given.Contains(p.Name)).Select(p => p.Name).ToList()).MinBy(m => m.Count)!;
        if (missing.Count > 0)
        {
            throw new UsageException($"{Options(verb, missing)} {(missing.Count == 1 ? "is" : "are")} missing. '{verb.Program} {verb.Name} --help' explains {(missing.Count == 1 ? "it" : "them")}.");
        }
    }

    private static string Options(Verb verb, IEnumerable<string> parameters) => string.Join(" and ", parameters.Where(p => !verb.Fixed.ContainsKey(p)).Select(p => $"--{verb.OptionOf(p)}"));
}
