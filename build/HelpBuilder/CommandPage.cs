namespace StingBackup.HelpBuilder;

/// <summary>One page of docs/help: a command as Microsoft.PowerShell.PlatyPS 1.0 describes it. Texts are Markdown.</summary>
internal sealed record CommandPage
{
    /// <summary>The command's name.</summary>
    public required string Name { get; init; }
    /// <summary>One sentence.</summary>
    public required string Synopsis { get; init; }
    /// <summary>One a parameter set.</summary>
    public required IReadOnlyList<SyntaxForm> Syntax { get; init; }
    /// <summary>What it does, and what one must know.</summary>
    public required string Description { get; init; }
    /// <summary>At least one.</summary>
    public required IReadOnlyList<PageExample> Examples { get; init; }
    /// <summary>Ascending by name; without the common parameters.</summary>
    public required IReadOnlyList<PageParameter> Parameters { get; init; }
    /// <summary>Types that may be piped in.</summary>
    public required IReadOnlyList<PageType> Inputs { get; init; }
    /// <summary>Types that come out.</summary>
    public required IReadOnlyList<PageType> Outputs { get; init; }
    /// <summary>Anything else; may be empty.</summary>
    public required string Notes { get; init; }
    /// <summary>Where to read on.</summary>
    public required IReadOnlyList<PageLink> Links { get; init; }
}

/// <summary>One way to call a command.</summary>
/// <param name="Title">The parameter set's name, <c>(Default)</c> added to the default one.</param>
/// <param name="Text">The line that PowerShell would print, wrapped.</param>
internal sealed record SyntaxForm(string Title, string Text);

/// <summary>An example that a module test runs.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Code">PowerShell.</param>
/// <param name="Remarks">What it does, in Markdown.</param>
internal sealed record PageExample(string Title, string Code, string Remarks);

/// <summary>A type of input or output.</summary>
/// <param name="Name">Full name.</param>
/// <param name="Description">Markdown.</param>
internal sealed record PageType(string Name, string Description);

/// <summary>A link to read on.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Target">Another page or a URL.</param>
internal sealed record PageLink(string Text, string Target);

/// <summary>A parameter: the text is ours, the rest is the built module's.</summary>
internal sealed record PageParameter
{
    /// <summary>Without the dash.</summary>
    public required string Name { get; init; }
    /// <summary>Markdown.</summary>
    public required string Description { get; init; }
    /// <summary>Full name of its type.</summary>
    public required string Type { get; init; }
    /// <summary>What it is when not given; empty for none.</summary>
    public string DefaultValue { get; init; } = "";
    /// <summary>Whether <c>*</c> and <c>?</c> work.</summary>
    public bool SupportsWildcards { get; init; }
    /// <summary>Other names.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];
    /// <summary>Where it may stand.</summary>
    public IReadOnlyList<PageParameterSet> ParameterSets { get; init; } = [];
    /// <summary>Hidden from completion.</summary>
    public bool DontShow { get; init; }
    /// <summary>Names of an enumeration.</summary>
    public IReadOnlyList<string> AcceptedValues { get; init; } = [];
    /// <summary>What PowerShell shows while completing.</summary>
    public string HelpMessage { get; init; } = "";
}

/// <summary>How a parameter stands in one parameter set.</summary>
/// <param name="Name">The set's name, or <c>(All)</c>.</param>
/// <param name="Position">A number, or <c>Named</c>.</param>
/// <param name="IsRequired">Whether the command asks for it.</param>
/// <param name="ValueFromPipeline">Whether a piped object is its value.</param>
/// <param name="ValueFromPipelineByPropertyName">Whether a piped object's property of its name is its value.</param>
/// <param name="ValueFromRemainingArguments">Whether it takes what is left.</param>
internal sealed record PageParameterSet(
    string Name, string Position, bool IsRequired, bool ValueFromPipeline, bool ValueFromPipelineByPropertyName, bool ValueFromRemainingArguments);

/// <summary>A page that cannot be used; printed as compilers print.</summary>
internal sealed class PageException(string path, int line, string message) : Exception($"{path}({line}): error STINGHELP: {message}");
