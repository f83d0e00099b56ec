namespace StingBackup.Engine.Tests.World;

/// <summary>Schedules that showed something once, as they were shortened.</summary>
internal static class ModelSeeds
{
    /// <summary>Of protocols that are wrong on purpose.</summary>
    public static IReadOnlyList<(string Mutation, string Schedule)> OfMutations { get; } =
    [
        (nameof(AdoptsFromMarkedPacks),
            "2 0; Write 1 50 15; Start 1 0 1; Go 1 900 0; Write 1 50 9; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Write 1 50 3; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Pass 0 8640 0; Start 0 3 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Write 1 50 9; Start 1 0 1; Go 1 18 0; Start 0 4 1; Go 0 900 0; Pass 0 1560 0; Start 0 4 1; Go 0 900 0; Go 1 900 0"),
        (nameof(CommitsBeforeTheBarrier),
            "2 0; Start 0 0 5; Go 0 500 0"),
        (nameof(ListsSessionsBeforeTheMark),
            "2 0; Write 1 50 15; Start 1 0 1; Go 1 900 0; Write 1 50 9; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Write 1 50 3; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Pass 0 8640 0; Start 0 3 1; Go 0 900 0; Write 1 50 9; Start 0 4 1; Go 0 29 0; Start 1 0 1; Go 1 20 0; Go 0 900 0; Start 0 4 1; Go 0 900 0; Pass 0 1560 0; Start 0 4 1; Go 0 900 0; Go 1 900 0"),
        (nameof(MergesDropRemoves),
            "2 0; Start 0 0 1; Go 0 900 0; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Write 0 0 17; Write 0 3 17; Write 0 6 17; Write 0 9 17; Write 0 12 17; Write 0 15 17; Write 0 18 17; Write 0 21 17; Write 0 24 17; Write 0 27 17; Write 0 30 17; Write 0 33 17; Write 0 36 17; Write 0 39 17; Write 0 42 17; Write 0 45 17; Write 0 48 17; Write 0 51 17; Write 0 54 17; Write 0 57 17; Write 1 1 17; Write 1 4 17; Write 1 7 17; Write 1 10 17; Write 1 13 17; Write 1 16 17; Write 1 19 17; Write 1 22 17; Write 1 25 17; Write 1 28 17; Write 1 31 17; Write 1 34 17; Write 1 37 17; Write 1 40 17; Write 1 43 17; Write 1 46 17; Write 1 49 17; Write 1 52 17; Write 1 55 17; Write 1 58 17; Start 0 0 1; Go 0 900 0; Pass 0 1 0; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Pass 0 8640 0; Start 0 3 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Pass 0 1560 0; Start 0 4 1; Go 0 900 0; Write 0 100 17; Write 0 103 17; Write 0 106 17; Write 0 109 17; Write 0 112 17; Write 0 115 17; Write 0 118 17; Write 0 121 17; Write 0 124 17; Write 0 127 17; Write 0 130 17; Write 0 133 17; Write 0 136 17; Write 0 139 17; Write 0 142 17; Write 0 145 17; Write 0 148 17; Write 0 151 17; Write 0 154 17; Write 0 157 17; Write 1 131 17; Write 1 134 17; Write 1 137 17; Write 1 140 17; Write 1 143 17; Write 1 146 17; Write 1 149 17; Write 1 152 17; Write 1 155 17; Write 1 158 17; Write 1 161 17; Write 1 164 17; Write 1 167 17; Write 1 170 17; Write 1 173 17; Write 1 176 17; Write 1 179 17; Write 1 182 17; Write 1 185 17; Write 1 188 17; Start 0 0 1; Go 0 900 0; Pass 0 1 0; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Pass 0 8640 0; Start 0 3 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Pass 0 1560 0; Start 0 4 1; Go 0 900 0"),
        (nameof(MergesReturningReplicas),
            "2 0; Write 0 30 0; Write 0 80 0; Write 0 20 0; Write 0 60 0; Write 0 0 0; Write 0 50 0; Write 0 57 0; Write 0 19 0; Start 0 0 1; Go 0 900 0; Start 0 13 0; Go 0 500 0; Pass 0 120 0; Unmount 0 1 0; Unmount 0 3 0; Start 0 14 0; Go 0 900 0; Write 0 10 3; Pass 0 10 0; Start 0 0 1; Go 0 900 0; Write 0 20 3; Pass 0 10 0; Start 0 0 1; Go 0 900 0; Pass 0 8640 0; Start 0 3 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Pass 0 1560 0; Start 0 4 1; Go 0 900 0; Mount 0 0 0; Mount 0 0 0; Start 0 14 0; Go 0 900 0"),
        (nameof(ShortensTheGrace),
            "2 0; Start 0 0 1; Go 0 900 0; Write 0 0 17; Write 0 10 17; Write 0 20 17; Pass 0 1 0; Start 0 0 1; Go 0 900 0; Pass 0 8640 0; Start 0 3 1; Go 0 900 0; Start 1 9 0; Go 1 14 0; Start 0 4 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Go 1 900 0"),
        (nameof(SwitchesBeforeReplicas),
            "2 0; Start 0 0 5; Go 0 500 0; Start 0 10 0; Go 0 14 0; Crash 0 0 1"),
        (nameof(WritesNoVoidPoint),
            "2 0; Start 0 0 5; Go 0 20 0; Crash 0 0 1; Start 0 0 5; Go 0 500 0"),
    ];

    /// <summary>Of defects of the engine, and of the world's own book, which are mended.</summary>
    public static IReadOnlyList<(string Defect, string Schedule)> OfDefects { get; } =
    [
        ("a sweep takes packs out of the index that a run stored between its two listings, and whose point comes next",
            "3 1; Start 2 1 22351; Go 2 1 0; Go 2 1 0; Go 2 2 0; Go 2 2 0; Go 2 1 0; Go 2 1 0; Go 2 2 0; Go 2 2 0; Go 2 2 0; Go 2 1 0; Go 2 2 0; Go 2 2 0; Go 2 2 0; Start 0 4 58673; Go 0 2 0; Go 2 2 0; Go 2 2 0; Go 2 2 0; Go 2 2 0; Go 0 2 0; Go 2 2 0; Go 0 2 0; Go 2 2 0; Go 0 1 0; Go 2 2 0"),
        ("a subject that another host claims between the look for it and the listing is called missing",
            "3 1; Write 2 39120 48871; Start 2 0 61946; Go 2 6 0; Go 2 7 0; Start 1 1 1074; Go 1 2 0; Go 2 4 0; Go 1 7 0; Go 1 6 0; Go 2 4 0; Go 1 3 0; Go 1 7 0"),
        ("two marks that are due in one sweep: the index names again what the first one deleted",
            "2 0; Start 0 0 1; Go 0 900 0; Write 0 98 21; Write 0 10 15; Write 0 130 21; Write 0 103 15; Write 0 122 15; Write 0 149 9; Pass 0 1 0; Start 0 0 1; Go 0 900 0; Write 0 129 9; Write 0 72 9; Write 0 193 3; Write 0 158 15; Write 0 136 33; Write 0 154 9; Pass 0 1 0; Start 0 0 1; Go 0 900 0; Pass 0 8640 0; Start 0 3 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Write 0 79 3; Write 0 186 3; Write 0 175 15; Write 0 120 27; Write 0 25 15; Write 0 111 15; Pass 0 1 0; Start 0 0 1; Go 0 900 0; Write 0 156 33; Write 0 52 27; Write 0 122 21; Write 0 133 15; Write 0 15 27; Write 0 3 3; Pass 0 1 0; Start 0 0 1; Go 0 900 0; Pass 0 8640 0; Start 0 3 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Pass 0 1560 0; Start 0 4 1; Go 0 900 0"),
        ("an erasure breaks on a host that has keys and never backed anything up",
            "2 0; Start 0 0 5; Go 0 500 0; Start 1 13 0; Go 1 500 0; Pass 0 120 0; Start 1 14 0; Go 1 500 0"),
        ("a lost newest point is taken for a run that died",
            "2 1; Start 0 0 1; Go 0 900 0; Start 0 2 1; Go 0 900 0; Damage 0 4 1; Pass 0 10 0; Start 0 0 1; Go 0 900 0"),
        ("a verification calls a pack missing whose content a later run stored again",
            "2 1; Write 1 20281 22193; Start 1 0 888; Go 1 11 0; Go 1 24 0; Go 1 6 0; Crash 1 0 52238; Start 0 2 25300; Go 0 29 0; Go 0 24 0; Start 1 0 28532; Go 1 25 0; Pass 0 1560 0; Go 0 29 0; Go 0 14 0; Start 0 0 2433; Pass 0 1560 0; Go 1 24 0; Start 1 3 54791"),
        ("of two sweeps side by side the slower writes a step of a mark that the other has removed, and it stands for ever",
            "2 0; Write 1 50 15; Start 1 0 1; Go 1 900 0; Write 1 50 9; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Write 1 50 3; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Pass 0 8640 0; Start 0 3 1; Go 0 900 0; Start 0 4 1; Go 0 900 0; Start 1 4 1; Go 1 30 0; Start 0 4 1; Go 0 900 0; Pass 0 1560 0; Start 0 4 1; Go 0 900 0; Go 1 900 0"),
        ("a sweep that goes on with a mark of a host that died signs a step in the other's name, and nothing is swept any more",
            "2 0; Write 1 50 15; Start 1 0 1; Go 1 900 0; Write 1 50 9; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Write 1 50 3; Pass 0 1 0; Start 1 0 1; Go 1 900 0; Pass 0 8640 0; Start 0 3 1; Go 0 900 0; Start 0 4 1; Go 0 29 0; Crash 0 0 1; Start 1 4 1; Go 1 900 0; Start 1 4 1; Go 1 900 0"),
        ("a verification tells of a format record that another host is just replacing",
            "3 1; Pass 0 9 0; Start 0 2 60545; Start 2 0 14535; Go 2 7 0; Start 1 4 65216; Go 2 28 0; Fault 2 2 16066; Go 0 29 0; Go 0 29 0; Go 0 21 0; Go 0 2 0; Go 2 30 0; Go 1 19 0; Start 2 8 41500; Go 0 23 0; Start 1 4 65120; Start 0 4 64833; Go 0 5 0; Go 2 17 0; Go 2 12 0; Go 0 30 0; Write 0 12102 39410; Pass 0 1560 0; Write 0 46852 44784; Go 1 9 0; Start 0 11 53551; Go 2 16 0; Go 1 27 0; Go 0 1 0; Write 1 19671 29888; Start 1 2 8428; Go 1 12 0; Go 2 18 0; Go 0 27 0; Start 2 0 16419; Go 2 19 0; Go 0 11 0; Go 0 9 0; Go 1 2 0; Go 1 13 0; Go 1 9 0; Go 1 14 0; Go 2 30 0; Go 0 6 0; Write 1 60108 21912; Go 2 21 0; Start 1 4 13892; Go 0 16 0; Start 2 8 21899; Go 2 17 0; Go 1 13 0; Go 2 26 0; Go 0 20 0; Start 0 4 64567; Go 1 14 0; Go 2 8 0; Go 2 18 0"),
        ("a sync fails since another host is just replacing a format record",
            "3 1; Start 0 2 60545; Start 2 0 14535; Go 2 7 0; Go 2 28 0; Fault 2 2 16066; Go 0 29 0; Go 0 21 0; Go 2 30 0; Start 2 8 41500; Go 0 23 0; Go 2 17 0; Go 0 30 0; Start 0 11 53551; Go 2 16 0; Go 0 1 0; Start 1 2 8428; Go 1 12 0; Go 2 18 0; Go 0 27 0; Start 2 0 16419; Go 2 30 0; Go 0 6 0; Go 2 21 0; Go 0 16 0; Go 2 17 0; Go 1 13 0; Go 0 20 0; Go 1 14 0"),
        ("a verification tells of a pack that retention let go while it read, and that the remote tier has",
            "3 1; Write 0 9979 25772; Start 2 0 45391; Go 2 27 0; Go 2 18 0; Start 0 0 5003; Go 0 9 0; Go 0 11 0; Go 0 11 0; Go 0 8 0; Start 0 2 37846; Pass 0 4320 0; Go 0 27 0; Write 2 33789 5953; Start 2 1 61213; Go 2 5 0; Go 2 30 0; Go 0 25 0; Start 2 8 40833; Go 0 14 0; Go 2 18 0; Go 2 28 0; Start 1 3 1521; Go 2 8 0; Go 0 23 0; Go 1 24 0; Go 2 15 0; Go 1 24 0; Go 1 29 0; Go 2 12 0; Go 2 3 0"),
        ("the book knew no reason to refuse an erasure that was asked for already",
            "2 1; Start 0 1 36431; Go 0 17 0; Go 0 27 0; Start 0 13 7490; Go 0 24 0; Start 1 13 27252; Go 0 16 0; Go 1 17 0; Go 1 28 0; Go 0 25 0; Go 1 19 0; Start 0 13 36274; Go 0 28 0"),
        ("the book knew no reason to refuse the restore of a run that was let go after it was chosen",
            "3 0; Start 2 1 26; Go 2 6 0; Go 2 4 0; Go 2 4 0; Go 2 12 0; Go 2 3 0; Go 2 15 0; Start 2 1 58382; Go 2 25 0; Go 2 9 0; Start 2 0 3062; Go 2 25 0; Pass 0 4320 0; Pass 0 4320 0; Go 2 11 0; Start 2 0 59046; Go 2 28 0; Start 2 1 15895; Go 2 22 0; Go 2 22 0; Start 0 9 7235; Go 0 5 0; Start 1 3 20939; Go 1 30 0; Go 0 26 0"),
        ("the book did not know of a request whose host crashed when it had been written",
            "2 0; Write 0 30 0; Write 0 80 0; Write 0 20 0; Write 0 60 0; Write 0 0 0; Write 0 50 0; Write 0 57 0; Write 0 19 0; Start 0 0 1; Go 0 900 0; Start 0 13 0; Go 0 43 0; Crash 0 0 1; Pass 0 120 0; Start 0 14 0; Go 0 900 0"),
    ];
}
