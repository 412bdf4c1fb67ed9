from __future__ import annotations

from pathlib import Path

import pytest

from mechlearn.errors import DataError
from mechlearn.formats.tables.csv import read_csv
from mechlearn.formats.tables.hdf5 import write_hdf5
from mechlearn.formats.tables.runs_file import inspect_runs, read_runs, write_runs

from ..runs import Table, of, trajectory


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"runs\.csv holds no table\. It needs a header"),
        ("# mechlearn runs 1\n\n", "holds no table"),
        ("# mechlearn runs 1\ntime [s],A [M]\n", "has a header, but no rows"),
        (
            "# mechlearn runs 2\ntime [s],A [M]\n0,1\n",
            "line 1: 'mechlearn runs 2' is a form that this version does not",
        ),
        ("time [s],A [M]\n0,1\n1\0,2\n", "line 3: a zero byte"),
        ("time [s];A [M]\n0,1\n", "line 2: the cells are separated by comma, those of the header by semicolon"),
        ("time [s],A [M]\n0;1\n", "line 2: the cells are separated by semicolon, those of the header by comma"),
        ("time [s];A [M]\n0;1,5\n1;1.5\n", "line 3: '1.5' has a decimal point, but '1,5' in line 2 a decimal comma"),
        ('time [s],A [M]\n0,"1,500"\n', "line 2: '1,500' may be 1.500 or 1500"),
        ("# a\ntime [s],A\n0,1\n", r"line 2, column 2 \('A'\): the unit is missing.*Write 'A \[kmol/m\^3\]'"),
        ("time,A [M]\n0,1\n", r"line 1, column 1 \('time'\): the unit is missing.*Write 'time \[s\]'"),
        ("time [s],d(A)/dt,A [M]\n0,1,1\n", r"Write 'd\(A\)/dt \[kmol/m\^3/s\]'"),
        ("# mechlearn runs 1\ntime [s],A[M]\n0,1\n", r"column 2 \('A\[M\]'\): a blank belongs before the unit"),
        ("time [s],A [M],\n0,1,2\n", r"column 3 \(''\): the column has no name"),
        ("time [s],A [ppm]\n0,1\n", r"column 2 \('A \[ppm\]'\): \[ppm\] may be a fraction of moles or of mass\. Say"),
        ("time [s],A [foo]\n0,1\n", r"column 2 \('A \[foo\]'\): 'foo' is not a known unit"),
        (
            "time [s],T5 [K],A [M]\n0,1,1\n",
            "a unit of temperature is not understood with this name. Understood are run",
        ),
        ("time [s],A [M/s],A [M]\n0,1,1\n", "a unit of concentration rate is not understood"),
        ("time [s],d(A)/dt [M],A [M]\n0,1,1\n", r"a unit of concentration is not understood"),
        ("time [s],A [M],A [mM]\n0,1,1\n", r"column 3 \('A \[mM\]'\): it stands twice \(the first is 'A \[M\]'\)"),
        ("run,run,time [s],A [M]\na,a,0,1\n", r"column 2 \('run'\): it stands twice"),
        ("run,A [M]\na,1\n", "line 1: there is no column of times"),
        ("run,time [s]\na,1\n", "line 1: there is no column of concentrations"),
        ("time [s],A [M],B [M],d(A)/dt [M/s]\n0,1,1,1\n", r"rates are given, but not of B\. Add d\(B\)/dt"),
        ("time [s],A [M],d(A)/dt [M/s],d(C)/dt [M/s]\n0,1,1,1\n", "a rate is given for C, but no concentration"),
        ("# a\ntime [s],A [M]\n0,1\n1,1,1\n", "line 4: 3 cells for 2 columns"),
        ("time [s],A [M],B [M]\n0,1,2\n\n1,1\n", "line 4: 2 cells for 3 columns"),
        ('run,time [s],A [M]\n"a\nb",0,1\n"c,0,1\n', "line 4: the row cannot be taken apart"),
        ("run,time [s],A [M]\na,0,1\na,,2\n", r"line 3, column 'time \[s\]' \(run 'a'\): the cell is empty"),
        ("run,time [s],A [M]\na,0,1\na,1,x\n", r"line 3, column 'A \[M\]' \(run 'a'\): 'x' is not a number"),
        ("time [s],A [M]\n0,inf\n", r"line 2, column 'A \[M\]': 'inf' is not a finite number"),
        ("time [s],A [M]\ninf,1\n", r"line 2, column 'time \[s\]': 'inf' is not a finite number"),
        ("time [s],A [mol/cm^3]\n0,1e308\n", "line 2, .*'1e308' is not a finite number"),
        ("time [s],T [K],A [M]\n0,inf,1\n", r"line 2, column 'T \[K\]': 'inf' is not a finite number"),
        ("time [s],T [K],A [M]\n0,300,1\n1,0,1\n", r"line 3, column 'T \[K\]': 0 is not above zero"),
        ("time [s],P [bar],A [M]\n0,-1,1\n", r"line 2, column 'P \[bar\]': -1 is not above zero"),
        ("time [s],T [K],A [M]\n0,hot,1\n", r"line 2, column 'T \[K\]': 'hot' is not a number"),
        (
            "run,time [s],A [M]\na,0,1\nb,0,1\na,1,-0.2\n",
            r"line 4, .*\(run 'a'\): the concentration -0.2 is negative, more so than noise",
        ),
        (
            "run,time [s],A [M],d(A)/dt [M/s]\na,0,1,0\nb,0,1,0\na,1,-1e-3,0\n",
            r"line 4, .*\(run 'a'\): the concentration -1e-3 is negative, more so than round-off",
        ),
        (
            "run,time [s],A [M]\na,0,1\nb,5,1\n\na,0,1\n",
            r"line 5, .*\(run 'a'\): time must increase.* 0 follows 0 of line 2",
        ),
        ("run,time [s],A [M]\na,1.5,1\na,1.0,1\n", r"line 3, .* 1\.0 follows 1\.5 of line 2\. Sort the table"),
        ("run,time [s],A [M]\na,0,1\n ,0,1\n", "line 3: the name of the run is missing"),
        ("time [s],A [M],d(A)/dt [M/s]\n0,1,1\n1,1,\n", r"line 3, column 'd\(A\)/dt \[M/s\]': the rate is missing"),
        ("run,reactor,time [s],A [M]\na,batch,0,1\n", r"line 2 \(run 'a'\): reactor 'batch' is not one of isothermal"),
        ("run,parent,time [s],A [M]\na,,0,1\na,b,1,1\n", r"line 3 \(run 'a'\): parent is 'b', but '' in line 2"),
        ("# reactor: batch\ntime [s],A [M]\n0,1\n", "line 1: reactor 'batch' is not one of isothermal"),
        ("# phase: a\n# phase: b\ntime [s],A [M]\n0,1\n", "line 2: phase is 'b', but 'a' above"),
        ("# mechanism: h2o2.yaml\ntime [s],A [M],H2 [M]\n0,1,1\n", "h2o2.yaml has no species A, so the composition"),
        ("# mechanism: no.yaml\ntime [s],A [M]\n0,1\n", "'no.yaml' cannot be read: .* not found.* give an empty name"),
    ],
)
def test_a_table_that_is_not_one_is_refused_with_its_line(table: Table, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_csv(table(text))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"time [s],A [M]\n0,1\n1,\x81\n", "line 3: byte 0x81 is not UTF-8 text. Save the table as CSV in UTF-8"),
        (b"time [s],A [M]\n0,1\n\x01,\xff\n", "line 3: byte 0xff is not UTF-8 text"),
        (b"\xff\xfetime [s]\n\xd8", "begins as UTF-16 text, but is none"),
        (b"PK\x03\x04\xdf", "is a zip archive or an Excel workbook. Save the table as CSV"),
        (b"\x1f\x8b\x08", "is compressed by gzip. Unpack it"),
        (bytes(range(256)) * 20, "is not UTF-8 text|a zero byte"),
    ],
)
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "runs.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_csv(tmp_path / "runs.csv")


def test_files_that_are_not_there_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    for name in ("no.csv", "no.h5"):
        with pytest.raises(DataError, match=rf"Cannot read .*{name}: No such file"):
            read_runs(tmp_path / name)
    with pytest.raises(DataError, match=r"Cannot read .*: Is a directory"):
        read_csv(tmp_path)
    with pytest.raises(
        DataError,
        match=r"runs\.xlsx: runs are read from files that end in \.csv, .* or \.yml, not in '\.xlsx'",
    ):
        read_runs(tmp_path / "runs.xlsx")
    for name, advice in (("runs.csv.gz", "Unpack it"), ("runs.parquet", "give the data frame to from_dataframe")):
        with pytest.raises(DataError, match=advice):
            read_runs(tmp_path / name)
    with pytest.raises(DataError, match="not in 'nothing'"):
        write_runs(of(trajectory()), tmp_path / "runs")
    write_hdf5(of(trajectory()), tmp_path / "runs.h5")
    with pytest.raises(DataError, match=r"is an HDF5 file\. Name it \.h5"):
        read_csv(tmp_path / "runs.h5")


HEAD = "time [s],T [K],P [bar],"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time [%],A [M]\n0,1\n", r"column 1 \('time \[%\]'\): '%' is not a unit of time"),
        ("time [s];A [M]\n0;1.234,5\n", r"line 2, column 'A \[M\]': '1.234,5' is not a number"),
        (
            "time [s],A [M]\n0,1\n2,1\n1,1\n3,1\n",
            "line 4, .*1 follows 2 of line 3, and is not where a run above starts",
        ),
        ("time [s],A [M]\n0,1\n0,1\n1,1\n", "line 3, .*time must increase in a run, but 0 follows 0 of line 2"),
        ("time [s],A [M]\n0,1\ntime [s],B [M]\n0,1\n", r"line 3, column 'time \[s\]': 'time \[s\]' is not a number"),
        ("time [s],t [ms],A [M]\n0,0,1\n", r"column 2 \('t \[ms\]'\): it stands twice \(the first is 'time \[s\]'\)"),
        ("time [s],[A] [M],A [mM]\n0,0,1\n", r"column 3 \('A \[mM\]'\): it stands twice"),
        ("time [s],T [J],A [M]\n0,0,1\n", r"column 2 \('T \[J\]'\): 'J' is not a unit of temperature"),
        ("Zeit [s],A [M]\n0,1\n", r"a unit of time is not understood.*Call it 'time \[s\]'.*or remove it"),
        ("t [s];A [mM]\n0;1.234\n1;987\n", "line 2: '1.234' may be 1.234 or 1234, as whole numbers of three digits"),
        ("t [s];A [mM]\n500;2\n1.000;1\n", "line 3: '1.000' may be 1.000 or 1000"),
        ("t [s];A [mM]\n0;1,234\n1;987\n", "line 2: '1,234' may be 1.234 or 1234"),
        ("t [s],A [M]\n2,1\n1,2\n0,3\n", "line 3, column 't .*the time falls from row to row.*Sort the table by time"),
        ("t [s],A [M]\n0,1\n1,2\n1,3\n", "line 4, .*1 follows 1 of line 3. Average what was measured twice"),
        ("t [s],A [M]\n0,1\n1,<0.01\n", r"'<0.01' is not a number.*\(below a limit of detection that is 0, or empty\)"),
        ("Run A\nt [s],A [M]\n0,1\n", r"line 2: .*header by blanks \(line 1\).*put a # before titles above the header"),
        ("T [K],A in [M],A out [M]\n300,2,1\n", r"no column of times. Add one with the header 'residence time \[s\]'"),
        ("t [s],A [M]\n" + "".join(f"{t},{-1 - t / 9}\n" for t in range(20)), "negative, more so than noise"),
        ("time [K],A [M]\n0,1\n", "a unit of temperature is not understood"),
        ("time [s],A / zug/L\n0,1\n", "'zug/L' is not a known unit"),
        ("time [s],A [2*M]\n0,1\n", "is not a known unit|with a unit"),
        ("time [s],A [M/L]\n0,1\n", r"no column of concentrations.*Not understood: A \[M/L\]"),
        ("time [s],Flow [L/min]\n0,1\n", r"no column of concentrations.*Not understood: Flow \[L/min\]"),
        ("A [M],B [M]\n0,1\n", "there is no column of times"),
        ("t,A\n0,1\n", r"column 1 \('t'\) \(likewise 1 more\): the unit is missing.*--basis"),
        (
            HEAD + "A [mol%]\n0,300,1,60\n1,300,1,120\n",
            "line 3: the mole fractions of 1 species sum to 1.2, which is over 1",
        ),
        (HEAD + "A [ppmv]\n0,300,1,60\n1,,1,50\n", r"line 3, column 'A \[ppmv\]': .* need temperature and pressure"),
        ("time [s],A [ppmv]\n0,1\n", "need temperature and pressure.*--temperature '1000 K'"),
        ("time [s],T [K],A [ppmv]\n0,300,1\n", "need temperature and pressure.*--pressure '1 atm'"),
        (HEAD + "A [wt%]\n0,300,1,60\n", "mass-fractions need molecular weights, and the composition of A is unknown"),
        ("time [s],A [g/L]\n0,1\n", "need molecular weights.*--mechanism"),
        (
            "# mechanism: h2o2.yaml\ntime [s],H2 [M],O2 [furlong]\n0,1,1\n",
            r"line 2, column 3 \('O2 \[furlong\]'\): furlong is the unit of nothing that is read, and O2 is a species "
            r"of h2o2.yaml. Give it a unit of concentration or of a fraction, as in 'O2 \[kmol/m\^3\]', or rename",
        ),
        (
            "time [s],A [M],B [furlong],d(A)/dt [M/s],d(B)/dt [M/s]\n0,1,1,1,1\n",
            r"a rate is given for B, but no concentration.*Not understood: B \[furlong\]",
        ),
        ("time [s],A [mmol]\n0,1\n", r"moles need the volume\. Add a column 'V \[m\^3\]'"),
        ("time [s],V [L],A [mmol]\n0,0,1\n", r"column 'V \[L\]': 0 is not above zero"),
        (
            "# mechanism: h2o2.yaml\ntime [s],T [K],P [bar],H2 [wt%],O2 [wt%]\n0,300,1,10,50\n",
            "only if all species are there, but they sum to 0.6. Add the others",
        ),
        ("# basis: weight\nt,A\n0,1\n", "the basis 'weight' is not one of concentration, mole-fraction"),
        ("# basis: moles\n# basis: concentration\nt,A\n0,1\n", "line 2: basis is 'concentration', but 'moles' above"),
        ("# temperature: hot\ntime [s],A [M]\n0,1\n", "'hot' is not a temperature"),
        ("# pressure: -1 bar\ntime [s],A [M]\n0,1\n", "the pressure -100000 is not above zero"),
        ("1,2,3\n4,5,6\n", "line 1: the first line holds numbers only, so that nothing says what the columns are"),
        (",,,\n;;\n", "holds no table"),
        ('time [s],"A [M]\n0,1\n', "cannot be taken apart|holds|cells for|no rows"),
        ("time [s]\tA [M]\n0 1\n", "line 2: 1 cells for 2 columns"),
        ("time [s] A [M] B\n0 1 2 3\n", "line 2: 4 cells for 5 columns|unit is missing"),
    ],
)
def test_tables_that_leave_something_open_are_refused(table: Table, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_csv(table(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\n", "is not YAML in UTF-8"),
        ("- 1\n", "holds neither a SolutionArray that Cantera saved nor ChemKED datapoints"),
        ("phases: []\n", "holds neither a SolutionArray"),
        ("datapoints: [1]\n", "datapoint 1: this is no datapoint"),
        ("datapoints: [{ignition-delay: [1 us]}]\n", "no datapoint has concentration-profiles"),
        ("datapoints: [{concentration-profiles: [{species-name: A}]}]\n", "datapoint 1: a profile is not of the form"),
        (
            "datapoints: [{concentration-profiles: [{species-name: A, quantity: {units: M}, time: {units: s}, "
            "values: [[0, 1], [0, 2]]}]}]\n",
            "the profile of A has a time twice",
        ),
        (
            "datapoints: [{temperature: [hot], concentration-profiles: [{species-name: A, quantity: {units: M}, "
            "time: {units: s}, values: [[0, 1]]}]}]\n",
            "datapoint 1: temperature: 'hot' is not a temperature",
        ),
        (
            "datapoints: [{concentration-profiles: [{species-name: A, quantity: {units: furlong}, time: {units: s}, "
            "values: [[0, 1]]}]}]\n",
            "datapoint 1, column 2 .*measures none of",
        ),
        (
            "a: {data: {size: 2, components: [T, D, H2, t], T: [1, 2], D: [1, 1], t: [0, 1]}}\n",
            "component 'H2' are missing",
        ),
        (
            "a: {data: {size: 2, components: [T, D, H2, t], t: [0, 1, 2], T: [1, 2], D: [1, 1], H2: [1, 1]}}\n",
            r"a: the columns have \[2, 3\] values",
        ),
    ],
)
def test_yaml_of_another_kind_is_refused(table: Table, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_runs(table(text, "runs.yaml"))


def test_one_endless_line_is_refused_before_all_of_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    with path.open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(DataError, match="line 1: over a million characters without a line end"):
        read_csv(path)


def test_a_temperature_that_may_be_in_celsius_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time [s],T,A [mM]\n0,30,1\n1,30,0.5\n")
    with pytest.raises(DataError, match=r"line 2.*30 is a temperature without a unit.*'T \[degC\]'"):
        read_csv(path, basis="concentration")
    path.write_text("time [s],T,A [mM]\n0,300,1\n1,300,0.5\n")
    assert read_csv(path, basis="concentration").runs[0].temperature[0] == 300
    path.write_text("time [s],A [mM]\n0,1\n1,0.5\n")
    with pytest.raises(DataError, match="'30 degC'"):
        read_csv(path, temperature="30")
    assert read_csv(path, temperature="30 K").runs[0].temperature[0] == 30


def test_an_initial_amount_is_no_species(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time [s],A [mM],Initial Concentration [mM]\n0,1,1\n1,0.5,1\n")
    found = inspect_runs(path)
    assert found.species == ("A",)
    assert "remove it" in found.columns[2].remark


def test_a_part_of_a_solution_without_times_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    parts = [f"Time_Soln#{n}_(sec),Temperature_Soln#{n}_(K),Pressure_Soln#{n}_(atm)," for n in (1, 2)]
    path.write_text(f"{parts[0]}Mole_fraction_OH_Soln#1_(),{parts[1]}Mole_fraction_H_Soln#2_()\n1,1000,1,0.05,,,,\n")
    with pytest.raises(DataError, match="Soln#2 has no time in any row"):
        read_csv(path)


def test_amounts_that_become_infinite_are_refused(table: Table) -> None:
    with pytest.raises(DataError, match="becomes no finite concentration"):
        read_csv(table("time [s],x_A,T [K],P [Pa]\n0,0.5,1e-320,1e300\n"))


def test_a_volume_of_next_to_nothing_expands_without_bounds(table: Table) -> None:
    runs = read_csv(table("time [s],A [M],V [m^3]\n0,1,1e-320\n1,1,1\n"))
    assert runs.runs[0].expansion == float("inf")


def test_whole_numbers_that_no_float_holds_are_refused(table: Table) -> None:
    profile = f"{{species-name: A, quantity: {{units: M}}, time: {{units: s}}, values: [[0, {'9' * 400}]]}}"
    with pytest.raises(DataError, match="OverflowError: int too large"):
        read_runs(table(f"datapoints:\n- concentration-profiles: [{profile}]\n", "runs.yaml"))
