using System.Management.Automation;
using StingBackup.Cmdlets.Completers;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>What a restore would bring back, by the words of the Restore- cmdlets: files, a person, a honey jar, or everything.</summary>
public abstract class SelectionCmdlet : UnlockingCmdlet
{
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);

    private protected SelectionCmdlet()
    {
    }

    /// <summary>Names, paths or patterns.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "Files and folders by name, path or pattern, as Restore-StingFile takes them")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? File { get; set; }

    /// <summary>Whose.</summary>
    [Parameter(HelpMessage = "A person, by e-mail address or id: all of his, or his files that File names")]
    [Alias("Email")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Which jar.</summary>
    [Parameter(HelpMessage = "A honey jar, by its id")]
    [ArgumentCompleter(typeof(JarCompleter))]
    [ValidateNotNullOrEmpty]
    public string? HoneyJar { get; set; }

    /// <summary>Which data classes.</summary>
    [Parameter(HelpMessage = "Only these data classes of the whole reserve")]
    [PSDefaultValue(Help = "All")]
    public DataClass[]? DataClass { get; set; }

    /// <summary>From when.</summary>
    [Parameter(HelpMessage = "A day (its last state), a moment such as \"2024-01-15 14:30\", or latest")]
    [PSDefaultValue(Help = "latest")]
    [ValidateNotNullOrEmpty]
    public string? Date { get; set; }

    /// <summary>From which run.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The run, such as backup_20240115_020000, or latest: the state of the reserve at it")]
    [ArgumentCompleter(typeof(BackupIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string? BackupId { get; set; }

    /// <summary>What is asked; null when it was asked already in this pipeline, whose points of one run come one for each data class.</summary>
    private protected RestoreRequest? NextRequest()
    {
        if (HoneyJar is not null && (User is not null || File is not null))
        {
            throw new StingException("RestoreRequestInvalid", FailureKind.InvalidArgument, "Either a honey jar is named, or a person or files.", HoneyJar, "Ask for each by itself.");
        }
        var scope = File is not null ? RestoreScope.File : User is not null ? RestoreScope.User : HoneyJar is not null ? RestoreScope.HoneyJar : RestoreScope.Reserve;
        return MyInvocation.ExpectingInput && !_done.Add($"{BackupId}\n{string.Join('\n', File ?? [])}") ? null
            : new RestoreRequest { Scope = scope, Subject = User ?? HoneyJar, Files = File ?? [], Classes = DataClass, Date = Date, BackupId = BackupId, AllowPartial = true };
    }
}
