const idName = /(?:^|[_\-. ])(?:id|ids|uid|uuid|guid|key|nr|no|number|index|idx|row|account|msisdn|imei)$/i;
const camelId = /[a-z0-9](?:ID|Id|Uid|UUID|Uuid|Key|Number|Index)$/;
const personName =
  /^(?:(?:customer|client|user|contact)?[_\-. ]?)?(?:(?:sur|last|first|middle|given|family|full|user)?[_\-. ]?name|e-?mail(?:[_ ]?address)?|phone(?:[_ ]?number)?|mobile(?:[_ ]?number)?|street|address)$/i;
const targetName =
  /churn|exit|attri|cancel|(?:^|[_\-. ])left(?:$|[_\-. ])|leaver|retain|lapsed|closed|(?:^|[_\-. ])(?:target|label|outcome|y|class)$/i;
const plainTarget = /^(?:churn(?:ed)?|exited|attrition|target|label)$/i;
const positiveLabel =
  /^(?:yes|y|true|t|1|churn(?:ed|er)?|exited|left|lost|leaver|attrited(?: customer)?|cancel(?:l?ed)?|positive|stopped|inactive)\.?$/i;

/** Returns whether the name looks like an identifier: `customerID`, `RowNumber`, `account_no`. */
export const namesId = (name: string): boolean => idName.test(name) || camelId.test(name);

/** Returns whether the name looks personal, so that it should not feed a model: `Surname`, `email`. */
export const namesPerson = (name: string): boolean => personName.test(name);

/** Rates how well a name fits a churn target: 2 for the usual names, 1 for a hint, else 0. */
export const targetScore = (name: string): number => (plainTarget.test(name) ? 2 : targetName.test(name) ? 1 : 0);

/** Returns whether a label names the class that leaves: "Yes", "1", "Attrited Customer". */
export const namesPositive = (label: string): boolean => positiveLabel.test(label);
