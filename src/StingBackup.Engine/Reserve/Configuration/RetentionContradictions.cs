using System.Globalization;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>The linter of retention: days that contradict each other, and what a regulation asks for.</summary>
internal sealed class RetentionContradictions(SettingValues values, FindingList findings, string file)
{
    private const int HipaaDays = 2192, SoxDays = 1096, PciDays = 365;   // six, three years with their leap days; one year

    public void Run()
    {
        Longer(Settings.RemoteDays, Settings.LocalDays);
        Longer(Settings.ArchiveDays, Settings.RemoteDays);
        CheckArchiveAge();
        CheckThinning();
        if (values.IsRefused(RetentionTable.Profiles))
        {
            return;
        }
        foreach (var profile in values.Get(RetentionTable.Profiles).Distinct())
        {
            switch (profile)
            {
                case ComplianceProfile.Hipaa:
                    foreach (var dataClass in Settings.ClassDays.Keys.Order())
                    {
                        if (dataClass is not (DataClass.TempFiles or DataClass.Physical))
                        {
                            AtLeast(dataClass, HipaaDays, "HIPAA asks for six years");
                        }
                    }
                    break;
                case ComplianceProfile.Sox:
                    AtLeast(DataClass.AuditLogs, SoxDays, "SOX asks for three years of audit logs");
                    break;
                case ComplianceProfile.PciDss:
                    AtLeast(DataClass.AuditLogs, PciDays, "PCI-DSS asks for one year of audit logs");
                    break;
                case ComplianceProfile.Gdpr:
                    CheckErasure();
                    break;
            }
        }
    }

    /// <summary>An erasure ends when the last physical capture does that was taken before the key was destroyed.</summary>
    private void CheckErasure()
    {
        var physical = Settings.ClassDays[DataClass.Physical];
        if (values.IsRefused(physical) || values.IsRefused(ErasureSettings.DelayDays))
        {
            return;
        }
        var days = values.Get(physical) + values.Get(ErasureSettings.DelayDays);
        if (days > DataClasses.ErasurePromiseDays)
        {
            Refuse(physical, string.Create(CultureInfo.InvariantCulture, $"an erasure ends {days} days after its request ({ErasureSettings.DelayDays.Key} {values.Get(ErasureSettings.DelayDays)}, then physical captures for {values.Get(physical)}), and retention.profiles names GDPR, which asks for {DataClasses.ErasurePromiseDays}"),
                string.Create(CultureInfo.InvariantCulture, $"Lower {physical.Key} or {ErasureSettings.DelayDays.Key} by {days - DataClasses.ErasurePromiseDays}."));
        }
    }

    /// <summary>A day that nothing names again after it was thinned out is a gap that nobody asked for.</summary>
    private void CheckThinning()
    {
        if (values.IsSet(RetentionTable.KeepAllDays) && !values.IsRefused(RetentionTable.KeepAllDays) && values.Get(RetentionTable.KeepAllDays) > 0 && RetentionTable.BindThinning(values) is null)
        {
            Refuse(RetentionTable.KeepAllDays, $"{RetentionTable.KeepAllDays.Key} is set, but no retention.keep_ setting says what stays of older restore points", $"Set {RetentionTable.KeepDaily.Key} or another of them, or remove {RetentionTable.KeepAllDays.Key}.");
        }
    }

    /// <summary>What a hotter tier lets go before the archive takes it would be nowhere; it is kept instead, against the days that were asked for.</summary>
    private void CheckArchiveAge()
    {
        var hot = values.Get(Settings.RemoteLocation) is null ? Settings.LocalDays : Settings.RemoteDays;
        if (values.Get(Settings.ArchiveLocation) is not null && !values.IsRefused(hot) && !values.IsRefused(ArchiveSettings.AfterDays) && values.Get(hot) < values.Get(ArchiveSettings.AfterDays))
        {
            Refuse(values.OriginOf(ArchiveSettings.AfterDays).IsFile ? ArchiveSettings.AfterDays : hot, string.Create(CultureInfo.InvariantCulture, $"{hot.Key} ({values.Get(hot)}) is shorter than {ArchiveSettings.AfterDays.Key} ({values.Get(ArchiveSettings.AfterDays)}): restore points would end there before they enter the archive"),
                string.Create(CultureInfo.InvariantCulture, $"Set {hot.Key} to {values.Get(ArchiveSettings.AfterDays)} or more, or {ArchiveSettings.AfterDays.Key} to {values.Get(hot)} or less."));
        }
    }

    private void AtLeast(DataClass dataClass, int days, string why)
    {
        var setting = Settings.ClassDays[dataClass];
        if (!values.IsRefused(setting) && RetentionTable.DaysOf(values, dataClass) is var kept && kept < days)
        {
            Refuse(setting, string.Create(CultureInfo.InvariantCulture, $"{setting.Key} is {kept}; {why}, {days} days"), string.Create(CultureInfo.InvariantCulture, $"Set {setting.Key} to {days} or more, or take the regulation out of {RetentionTable.Profiles.Key}."));
        }
    }

    private void Longer(Setting<int> colder, Setting<int> warmer)
    {
        if (!values.IsRefused(colder) && !values.IsRefused(warmer) && values.Get(colder) < values.Get(warmer))
        {
            var blamed = values.IsSet(colder) && values.OriginOf(colder).IsFile ? colder : warmer;
            Refuse(blamed, string.Create(CultureInfo.InvariantCulture, $"{colder.Key} ({values.Get(colder)}) is shorter than {warmer.Key} ({values.Get(warmer)}): the tier below would forget first"),
                string.Create(CultureInfo.InvariantCulture, $"Set {colder.Key} to {values.Get(warmer)} or more, or {warmer.Key} to {values.Get(colder)} or less."));
        }
    }

    private void Refuse(Setting setting, string problem, string remedy)
    {
        var origin = values.OriginOf(setting);
        findings.Error(setting.Key, origin.File ?? file, origin.Line, problem, remedy);
    }
}
